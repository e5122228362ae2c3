namespace Sidecar.Tests.Support;

/// <summary>What a sidecar in a container writes: records of exchanges and of connections, and its log.</summary>
internal static class SidecarLog
{
    /// <summary>Whether a line can explain why a connection failed: it is no record of an exchange, and of no connection that has ended as usual.</summary>
    public static bool IsUnusual(string line) =>
        line is not ['{', ..] || (line.Contains("\"reason\":", StringComparison.Ordinal) && !line.Contains("\"reason\":\"completed\"", StringComparison.Ordinal));
}
