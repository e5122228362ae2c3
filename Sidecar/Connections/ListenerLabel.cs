using Oracle.Protocol;
using Sidecar.Options;

namespace Sidecar.Connections;

/// <summary>The labels of a listener's counters. Generations and addresses with one name and role count as one listener.</summary>
internal readonly record struct ListenerLabel(string Name, SidecarRole Role)
{
    public static ListenerLabel Of(ListenerOptions listener) => new(listener.Name, listener.Role);
}
