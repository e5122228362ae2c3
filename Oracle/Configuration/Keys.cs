namespace Oracle.Configuration;

/// <summary>The keys of the settings; the option of <c>metrics.address</c> is <c>--metrics-address</c>.</summary>
internal static class Keys
{
    public const string Config = "config";
    public const string Listen = "listen";
    public const string Policy = "policy";
    public const string MetricsAddress = "metrics.address";
    public const string HealthAddress = "health.address";
    public const string MetricsHosts = "metrics.hosts";
    public const string HealthHosts = "health.hosts";
    public const string AuditLog = "audit-log";
    public const string LogLevel = "log.level";
    public const string MaxConnections = "max-connections";
    public const string MaxDecisions = "max-decisions";
}
