using Chassis.Net;
using Chassis.Settings;
using Sidecar.Authorization;
using Sidecar.Listeners;
using Sidecar.Options;

namespace Sidecar.Hosting.Reload;

/// <summary>The configuration of the start, with the sockets of its listeners.</summary>
internal sealed record StartingPoint(LoadedConfiguration<SidecarOptions> Loaded, IReadOnlyList<PlannedListener> Listeners, ListenSockets Sockets);

/// <summary>
/// Puts the configuration of a sidecar into force: first that of the start, then each later one. It is read, checked and bound before
/// anything changes. Live connections keep their configuration.
/// </summary>
internal sealed class Reloader(
    StartingPoint start, IConfigurationReader<SidecarOptions> source, ConfigurationState state, CurrentOptions current, ListenerTable listeners,
    Pipelines pipelines, OracleReach oracle, ILogger<Reloader> logger, FileWatch? watch = null)
    : ConfigurationReloader<SidecarOptions>(source, state, logger, watch)
{
    /// <inheritdoc/>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await ApplyAsync(start.Loaded, start.Listeners, start.Sockets, generation: 1);
        await base.StartAsync(cancellationToken);
    }

    /// <summary>Stops watching, and waits for the last connections of the listeners, which the drain has ended.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await listeners.WhenIdleAsync().WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <inheritdoc/>
    protected override async Task<bool> TryApplyAsync(LoadedConfiguration<SidecarOptions> loaded, int generation)
    {
        using var sockets = new ListenSockets { Avoided = BoundAddresses.TargetPorts(loaded.Options) };
        var planned = ListenerPlan.Make(listeners.Current, loaded.Options.Listeners, sockets, loaded.Options.Backlog);
        if (await ApplyAsync(loaded, planned, sockets, generation) is not { } added)
            return false;
        listeners.Describe(added);
        LimitCheck.Warn(logger, loaded.Options);
        return true;
    }

    /// <inheritdoc/>
    protected override string Describe(SidecarOptions options) => $"{options.Listeners.Count} listener(s)";

    // Null if the process is ending.
    private async Task<IReadOnlyList<Listener>?> ApplyAsync(LoadedConfiguration<SidecarOptions> loaded, IReadOnlyList<PlannedListener> planned, ListenSockets sockets, int generation)
    {
        var added = await listeners.ReplaceAsync(planned, sockets, generation, pipelines.Of(loaded.Options));
        if (added is null)
            return null;
        current.Value = loaded.Options;
        oracle.Watch(loaded.Options.Listeners);
        return added;
    }
}
