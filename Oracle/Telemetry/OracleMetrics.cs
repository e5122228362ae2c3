using System.Diagnostics.Metrics;
using Chassis.Metrics;
using Oracle.Configuration;
using Oracle.Decisions;
using Oracle.Policies;
using Oracle.Protocol;

namespace Oracle.Telemetry;

/// <summary>The Oracle's own meter.</summary>
internal sealed class OracleMetrics
{
    /// <summary>The meter's name.</summary>
    public const string MeterName = "Oracle";

    // The role of a connection without a question, and the result of a granted question.
    private const string NoRole = "none";
    private const string Granted = "granted";

    // From the duration of one decision to the longest time that an asker waits.
    private static readonly double[] AnswerBuckets = [.0001, .00025, .0005, .001, .0025, .005, .01, .05, .25, 1, 3];

    private readonly Counter<long> _questions;
    private readonly Histogram<double> _answerTime;
    private readonly Counter<long> _accepted;
    private readonly Counter<long> _displaced;
    private readonly Counter<long> _refused;
    private readonly UpDownCounter<long> _active;

    /// <summary>Registers the instruments.</summary>
    public OracleMetrics(IMeterFactory factory, OracleOptions options, DecisionMemory memory, PolicyStore policies, AuditLog audit)
    {
        var meter = factory.Create(MeterName);
        _questions = meter.CreateCounter<long>("oracle_questions", null, "Questions by the asker's role and the result: granted, peer or plain before a greeting, or the reason of the denial.");
        _answerTime = meter.CreateHistogram("oracle_answer", "s", "Time from a complete question until the kernel has its answer.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = AnswerBuckets });
        _accepted = meter.CreateCounter<long>("oracle_connections", null, "Connections accepted.");
        _displaced = meter.CreateCounter<long>("oracle_connections_displaced", null, "Connections closed, the longest idle first, to make room for others when all places were in use.");
        _refused = meter.CreateCounter<long>("oracle_connections_refused", null, "Connections closed at once: all places were in use, and no connection could give way.");
        _active = meter.CreateUpDownCounter<long>("oracle_connections_active", null, "Connections open now.");
        BuildInfo.AddTo(meter, "oracle");
        meter.CreateObservableGauge("oracle_connections_limit", () => options.MaxConnections, null, "Most open connections at once.");
        meter.CreateObservableGauge("oracle_decisions_limit", () => options.MaxDecisions, null, "Most connections that are remembered at once.");
        meter.CreateObservableGauge("oracle_decisions_pending", () => memory.Pending, null, "Decisions that wait for the outbound sidecar to ask.");
        meter.CreateObservableGauge("oracle_decisions_remembered", () => memory.Count, null, "Connections remembered, pending or answered to both sides.");
        meter.CreateObservableCounter("oracle_decisions_expired", () => memory.Expired, null, "Decisions that no outbound sidecar asked for.");
        meter.CreateObservableGauge("oracle_policy_generation", () => policies.Current.Generation, null, "Generation of the policy in force; 1 from the start.");
        meter.CreateObservableGauge("oracle_policy_loaded_timestamp", () => policies.Current.Since.ToUnixTimeMilliseconds() / 1000.0, "s", "When the policy in force was loaded, since the Unix epoch.");
        meter.CreateObservableGauge("oracle_policy_file_in_force", () => policies.NotInForceSince is null ? 1 : 0, null, "1 while the policy in force is that of the file; 0 after a changed file was refused.");
        meter.CreateObservableCounter("oracle_policy_reload_failures", () => policies.Failures, null, "Changed policy files that were refused.");
        meter.CreateObservableCounter("oracle_audit_records_dropped", () => audit.Dropped, null, "Audit lines that were lost because the output failed.");

        // Alerts on a rate need the series before the first event.
        _accepted.Add(0);
        _displaced.Add(0);
        _refused.Add(0);
        _active.Add(0);
        foreach (var role in Enum.GetValues<SidecarRole>())
            CountQuestion(role, Granted, 0);
    }

    /// <summary>A connection was accepted.</summary>
    public void ConnectionOpened()
    {
        _accepted.Add(1);
        _active.Add(1);
    }

    /// <summary>A connection ended.</summary>
    public void ConnectionClosed() => _active.Add(-1);

    /// <summary>A connection was closed to make room for another.</summary>
    public void ConnectionDisplaced() => _displaced.Add(1);

    /// <summary>A connection found all places in use, and none that could give way.</summary>
    public void ConnectionRefused() => _refused.Add(1);

    /// <summary>A question was decided, or a connection ended without one.</summary>
    public void QuestionDecided(SidecarRole? role, Decision decision) =>
        CountQuestion(role, decision.Reason?.Word() ?? (decision.Answer.Advice is null ? Granted : decision.Answer.ToString()), 1);

    /// <summary>An answer was given to the kernel.</summary>
    public void Answered(TimeSpan elapsed) => _answerTime.Record(elapsed.TotalSeconds);

    private void CountQuestion(SidecarRole? role, string result, long count) =>
        _questions.Add(count, new("role", role?.Word() ?? NoRole), new("result", result));
}
