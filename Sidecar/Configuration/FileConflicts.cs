using Chassis.Records;
using Sidecar.Options;

namespace Sidecar.Configuration;

/// <summary>Two outputs that write the same file: each would rotate and cut the file while the other writes.</summary>
internal static class FileConflicts
{
    /// <summary>A line for each conflict, with the origins of both outputs.</summary>
    public static IEnumerable<string> Of(SidecarOptions options) =>
        Of(options.Records, options.ConnectionRecords is { } file and not "-" ? [(file, options.ConnectionRecordsOrigin)] : []);

    /// <summary>A line for each conflict between entries of records, or with another file.</summary>
    public static IEnumerable<string> Of(IReadOnlyList<ExchangeRecordOptions> records, params IReadOnlyList<(string File, string Origin)> others)
    {
        var claims = new List<(string File, string Origin)>(others);
        foreach (var (file, origin) in records.Select(entry => entry.Output.File).OfType<(string, string)>())
        {
            foreach (var other in claims.Where(claim => FileCheck.IsSame(claim.File, file)))
                yield return $"{origin} '{file}': {other.Origin} '{other.File}' is the same file; use different files";
            claims.Add((file, origin));
        }
    }
}
