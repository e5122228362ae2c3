using System.Net;
using Chassis.Net;
using Microsoft.AspNetCore.Connections;
using Oracle.Protocol;
using Sidecar.Connections;
using Sidecar.Destination;
using Sidecar.Options;
using Sidecar.Transport;

namespace Sidecar.Listeners;

/// <summary>
/// The listeners of the process. Each can open, change and close while the others run. This class informs the parts that must know of
/// a change: the destination guard, other sidecars on this host, and the accounts.
/// </summary>
internal sealed partial class ListenerTable(
    IProxyTransport transport, OwnPorts ports, ListenerAnnouncement announcement, ConnectionRegistry registry, ILogger<ListenerTable> logger)
{
    private readonly Lock _lock = new();

    // With those that have stopped and still have connections.
    private readonly HashSet<Listener> _all = [];
    private volatile IReadOnlyList<Listener> _current = [];
    private bool _isEnding;

    /// <summary>The listeners that accept, in the order of the configuration.</summary>
    public IReadOnlyList<Listener> Current => _current;

    /// <summary>
    /// Replaces the present listeners: new ones accept at once, kept ones use the new generation from the next connection on.
    /// Completes when the listeners that are not planned have closed their sockets. Only one call at a time.
    /// </summary>
    /// <param name="planned">The result of <see cref="ListenerPlan"/> for <see cref="Current"/>.</param>
    /// <param name="sockets">Has the sockets of the new listeners.</param>
    /// <param name="generation">The configuration's number.</param>
    /// <param name="build">Builds the stages of a listener's connections.</param>
    /// <exception cref="System.Net.Sockets.SocketException">
    /// No descriptor is left to announce a new listener; nothing has changed.
    /// </exception>
    /// <returns>The new listeners; null if the process is ending, and they are not in place.</returns>
    public async Task<IReadOnlyList<Listener>?> ReplaceAsync(IReadOnlyList<PlannedListener> planned, ListenSockets sockets, int generation, Func<ListenerOptions, ConnectionDelegate> build)
    {
        var generations = planned.Select(p => new ListenerGeneration(generation, p.Options, build(p.Options))).ToList();
        List<Listener> gone;
        IReadOnlyList<Listener> added;
        lock (_lock)
        {
            if (_isEnding)
                return null;
            gone = [.. _current.Except(planned.Select(p => p.Kept).OfType<Listener>())];
            // Before any client can be led to a new one.
            TellOfNew([.. planned.Select(p => new OwnListener(p.Address, p.Options)), .. gone.Select(Own)]);
            registry.Expect(planned.Select(p => ListenerLabel.Of(p.Options)));
            var before = _current;
            _current = [.. planned.Zip(generations, (plan, next) => Place(plan, sockets, next))];
            added = [.. _current.Except(before)];
        }

        await Task.WhenAll(gone.Select(CloseAsync));
        lock (_lock)
            Tell([.. _current.Select(Own)]);
        return added;
    }

    /// <summary>Logs the addresses of the listeners.</summary>
    public void Describe(IReadOnlyList<Listener> listeners)
    {
        foreach (var listener in listeners)
        {
            var options = listener.Current.Options;
            Log.Listening(logger, options.Name, options.Role.Word(), listener.Address, options.Target?.ToString() ?? "the original destination");
        }
    }

    /// <summary>From now on no reload changes the listeners, because the process is ending.</summary>
    public void BeginEnd()
    {
        lock (_lock)
            _isEnding = true;
    }

    /// <summary>
    /// Makes all listeners accept the waiting connections and close their sockets, for good. Completes when every accepted connection has
    /// reached its first stage.
    /// </summary>
    public Task StopAsync() => StopAsync(_ => true);

    /// <summary>The same for the listeners with these options; the others go on, and no reload changes them any more.</summary>
    public Task StopAsync(Func<ListenerOptions, bool> which)
    {
        Listener[] stopping;
        lock (_lock)
        {
            _isEnding = true;
            stopping = [.. _all.Where(listener => which(listener.Current.Options))];
        }

        return Task.WhenAll(stopping.Select(listener => listener.StopAsync()));
    }

    /// <summary>Stops, and completes when no connection is left.</summary>
    public async Task WhenIdleAsync()
    {
        await StopAsync();
        Listener[] all;
        lock (_lock)
            all = [.. _all];
        await Task.WhenAll(all.Select(listener => listener.WhenIdleAsync().AsTask()));
    }

    private static OwnListener Own(Listener listener) => new(listener.Address, listener.Current.Options);

    private Listener Place(PlannedListener plan, ListenSockets sockets, ListenerGeneration next)
    {
        if (plan.Kept is { } kept)
        {
            kept.Current = next;
            return kept;
        }

        var listener = new Listener(transport, plan.Address, sockets.Take(plan.Address), next);
        _all.Add(listener);
        return listener;
    }

    private async Task CloseAsync(Listener listener)
    {
        await listener.StopAsync();
        Log.Closed(logger, listener.Current.Options.Name, listener.Address);
        _ = ForgetAsync(listener);
    }

    // Its connections can live for days.
    private async Task ForgetAsync(Listener listener)
    {
        await listener.WhenIdleAsync();
        lock (_lock)
            _all.Remove(listener);
    }

    // If no descriptor is left for it, nothing changes.
    private void TellOfNew(IReadOnlyList<OwnListener> own)
    {
        try
        {
            Tell(own);
        }
        catch
        {
            Tell([.. _current.Select(Own)]);
            throw;
        }
    }

    private void Tell(IReadOnlyList<OwnListener> own)
    {
        ports.SetListeners(own);
        announcement.Announce(own.Select(listener => listener.Address.Port).ToHashSet());
    }

    private static partial class Log
    {
        [LoggerMessage(10, LogLevel.Information, "Listener {Name} ({Role}) accepts on {Address}, target {Target}")]
        public static partial void Listening(ILogger logger, string name, string role, IPEndPoint address, string target);

        [LoggerMessage(19, LogLevel.Information, "Listener {Name} no longer accepts on {Address}; its connections go on")]
        public static partial void Closed(ILogger logger, string name, IPEndPoint address);
    }
}
