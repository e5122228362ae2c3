using Xunit;

namespace Sidecar.Tests.Capture;

/// <summary>eBPF sees all network namespaces, which have the same addresses: one test after the other.</summary>
[CollectionDefinition(Name)]
public sealed class OneByOne
{
    public const string Name = "capture";
}
