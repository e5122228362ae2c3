using Chassis.Records;
using Sidecar.Options;

namespace Sidecar.Configuration;

/// <summary>Two outputs that write one file: each would rotate and cut it under the other.</summary>
internal static class FileConflicts
{
    /// <summary>A line for each, which names both places.</summary>
    public static IEnumerable<string> Of(SidecarOptions options)
    {
        var claims = new List<(string File, string Origin)>();
        if (options.ConnectionRecords is { } connectionRecords and not "-")
            claims.Add((connectionRecords, options.ConnectionRecordsOrigin));
        foreach (var output in options.Records.Select(entry => entry.Output))
        {
            if (output.File is not { } file)
                continue;
            foreach (var other in claims.Where(claim => FileCheck.IsSame(claim.File, file)))
                yield return $"{output.Origin} '{file}': {other.Origin} '{other.File}' is the same file; give each its own";
            claims.Add((file, output.Origin));
        }
    }
}
