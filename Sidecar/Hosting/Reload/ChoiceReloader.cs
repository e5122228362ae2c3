using Chassis.Settings;
using Sidecar.Capture;
using Sidecar.Options;

namespace Sidecar.Hosting.Reload;

/// <summary>Changes which connections are observed while the capture runs.</summary>
internal sealed class ChoiceReloader(
    IConfigurationReader<ObserveOptions> reader, ConfigurationState state, ICaptureSource source, CaptureObserver observer, ILogger<ChoiceReloader> logger, FileWatch? watch = null)
    : ConfigurationReloader<ObserveOptions>(reader, state, logger, watch)
{
    /// <inheritdoc/>
    protected override Task<bool> TryApplyAsync(LoadedConfiguration<ObserveOptions> loaded, int generation)
    {
        var filter = CaptureFilter.Of(loaded.Options.Capture.Choice);
        source.Apply(filter);
        observer.Filter = filter;
        return Task.FromResult(true);
    }

    /// <inheritdoc/>
    protected override string Describe(ObserveOptions options) =>
        $"{(options.Capture.Choice.Ports.Count == 0 ? "all" : options.Capture.Choice.Ports.Count)} port(s) and {(options.Capture.Choice.Cidrs.Count == 0 ? "all" : options.Capture.Choice.Cidrs.Count)} network(s)";
}
