using System.Net;
using Chassis;
using Chassis.Net;
using Sidecar.Options;

namespace Sidecar.Listeners;

/// <summary>A listener of the new configuration.</summary>
/// <param name="Options">Its options.</param>
/// <param name="Address">Its address, with the real port.</param>
/// <param name="Kept">The existing listener with this address; null if a socket was bound for it.</param>
internal sealed record PlannedListener(ListenerOptions Options, IPEndPoint Address, Listener? Kept);

/// <summary>Plans the change from the present listeners to the new ones. All sockets are bound before anything changes.</summary>
internal static class ListenerPlan
{
    /// <summary>
    /// A listener keeps its socket if its address stays, even if its name changes. A listener with port 0, any free one, is always
    /// separate.
    /// </summary>
    /// <param name="current">The present listeners.</param>
    /// <param name="wanted">The new listeners.</param>
    /// <param name="sockets">Binds the other addresses, and keeps these sockets until they are taken.</param>
    /// <param name="backlog">Connections of each listener that can wait to be accepted.</param>
    /// <exception cref="UsageException">An address is not available; there is a line for each.</exception>
    public static IReadOnlyList<PlannedListener> Make(IReadOnlyList<Listener> current, IReadOnlyList<ListenerOptions> wanted, ListenSockets sockets, int backlog)
    {
        var errors = new List<string>();
        var planned = new List<PlannedListener>();
        foreach (var options in wanted)
        {
            try
            {
                var kept = current.FirstOrDefault(listener => IsAt(listener.Current.Options, options));
                planned.Add(new PlannedListener(options, kept?.Address ?? Bind(options, current, sockets, backlog), kept));
            }
            catch (UsageException error)
            {
                errors.AddRange(error.Lines);
            }
        }

        return errors.Count == 0 ? planned : throw new UsageException(errors);
    }

    private static bool IsAt(ListenerOptions current, ListenerOptions wanted) =>
        current.Listen.Equals(wanted.Listen) && (wanted.Listen.Port != 0 || current.Name == wanted.Name);

    private static IPEndPoint Bind(ListenerOptions wanted, IReadOnlyList<Listener> current, ListenSockets sockets, int backlog)
    {
        // Its socket is closed only after all new ones are bound.
        if (wanted.Listen.Port != 0 && current.FirstOrDefault(l => ListenAddress.Overlap(l.Address, wanted.Listen)) is { } other)
            throw new UsageException($"{wanted.ListenOrigin} '{wanted.Listen}': listener {other.Current.Options.Name} has this port at {other.Address} and cannot give it up while running; choose another port, or restart");
        return sockets.Bind(wanted.Listen, wanted.ListenOrigin, backlog);
    }
}
