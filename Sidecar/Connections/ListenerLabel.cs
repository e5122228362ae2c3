using Oracle.Protocol;
using Sidecar.Options;

namespace Sidecar.Connections;

/// <summary>What a listener is counted under: generations, and addresses, of one name and role are one listener.</summary>
internal readonly record struct ListenerLabel(string Name, SidecarRole Role)
{
    public static ListenerLabel Of(ListenerOptions listener) => new(listener.Name, listener.Role);
}
