using Chassis;
using Chassis.Records;

namespace Sidecar.Records.Exchanges.Outputs.Spools;

/// <summary>Where records stay while their server is away.</summary>
/// <param name="Folder">The folder, for one output alone.</param>
/// <param name="Limit">Most bytes of its files.</param>
/// <param name="Origin">The option or key that named it.</param>
internal sealed record SpoolOptions(string Folder, long Limit, string Origin)
{
    /// <summary>Most bytes by default.</summary>
    public const long DefaultLimit = 1L << 30;

    /// <summary>The smallest limit: some of the largest blocks of lines.</summary>
    public const long SmallestLimit = 16L << 20;

    /// <summary>The largest limit.</summary>
    public const long LargestLimit = 1L << 40;

    // No file has this name, so that the check looks whether the folder takes one.
    private const string NewName = "new";

    /// <summary>Checks whether the folder can be used, and changes nothing.</summary>
    /// <exception cref="UsageException">It cannot.</exception>
    public void Check() => FileCheck.RefuseUnwritable(Path.Exists(Folder) ? Path.Combine(Folder, NewName) : Folder, Origin);
}
