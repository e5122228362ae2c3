using Xunit;

namespace Sidecar.Tests.EndToEnd.Load;

/// <summary>Tests that need the machine for themselves: they run when the others are done, one after the other.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class HeavyLoad
{
    public const string Name = "heavy load";
}
