using System.Diagnostics;
using System.Diagnostics.Metrics;
using Injection.Pods;

namespace Injection.Admission;

/// <summary>The meter of the webhook.</summary>
internal sealed class InjectionMetrics
{
    /// <summary>Its name.</summary>
    public const string MeterName = "Sidecar.Injector";

    private readonly Histogram<double> _duration;

    /// <summary>Makes the instruments.</summary>
    public InjectionMetrics(IMeterFactory factory) => _duration = factory.Create(MeterName).CreateHistogram(
        "sidecar.injection.duration",
        "s",
        "Time to answer an admission review, by outcome (changed, unchanged, skipped, refused, bad_request)",
        advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5] });

    /// <summary>Counts an answer.</summary>
    /// <param name="outcome">What was done; null for a request that is not a review.</param>
    /// <param name="time">How long it took.</param>
    public void Answered(InjectionOutcome? outcome, TimeSpan time) => _duration.Record(time.TotalSeconds, new TagList { { "outcome", Word(outcome) } });

    private static string Word(InjectionOutcome? outcome) => outcome switch
    {
        InjectionOutcome.Changed => "changed",
        InjectionOutcome.Unchanged => "unchanged",
        InjectionOutcome.Skipped => "skipped",
        InjectionOutcome.Refused => "refused",
        _ => "bad_request",
    };
}
