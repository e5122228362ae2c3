using Xunit.v3;

namespace Testing;

/// <summary>
/// Marks tests that use sockets, processes, mounts, the addresses of this machine, or that measure the memory of the whole process.
/// <c>./test --unit</c> leaves them out. It also leaves out the folders that are listed in it.
/// </summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class SystemTestAttribute : Attribute, ITraitAttribute
{
    /// <inheritdoc/>
    public IReadOnlyCollection<KeyValuePair<string, string>> GetTraits() => [new("tier", "system")];
}
