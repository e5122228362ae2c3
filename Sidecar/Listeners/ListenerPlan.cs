using System.Net;
using Chassis;
using Chassis.Net;
using Sidecar.Options;

namespace Sidecar.Listeners;

/// <summary>A listener that shall be.</summary>
/// <param name="Options">What is said of it.</param>
/// <param name="Address">Where it listens, with the real port.</param>
/// <param name="Kept">The listener that has this address already; null where a socket was bound for it.</param>
internal sealed record PlannedListener(ListenerOptions Options, IPEndPoint Address, Listener? Kept);

/// <summary>From the listeners that are to those that shall be. All sockets are bound before anything changes.</summary>
internal static class ListenerPlan
{
    /// <summary>
    /// A socket stays where its address stays, whatever the listener's name. Port 0, any free one, is each listener's own.
    /// </summary>
    /// <param name="current">Those that are.</param>
    /// <param name="wanted">Those that shall be.</param>
    /// <param name="sockets">Binds the others, and has them until they are taken.</param>
    /// <param name="backlog">Connections of each that may wait to be accepted.</param>
    /// <exception cref="UsageException">An address cannot be had: a line for each.</exception>
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
        // Its socket is closed only when all new ones are there.
        if (wanted.Listen.Port != 0 && current.FirstOrDefault(l => ListenAddress.Overlap(l.Address, wanted.Listen)) is { } other)
            throw new UsageException($"{wanted.ListenOrigin} '{wanted.Listen}': listener {other.Current.Options.Name} has this port at {other.Address} and cannot give it up while running; choose another port, or start anew");
        return sockets.Bind(wanted.Listen, wanted.ListenOrigin, backlog);
    }
}
