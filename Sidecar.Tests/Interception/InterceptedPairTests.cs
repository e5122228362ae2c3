using Xunit;
using static Sidecar.Tests.Interception.InterceptedNetwork;

namespace Sidecar.Tests.Interception;

/// <summary>p2 behind rules of its own: it is told by p1 where to, or finds it as p1 does.</summary>
public sealed class InterceptedPairTests
{
    private static readonly string Clips = Demo.Programs.BuiltPrograms.Locate().Clips;

    [Theory]
    [InlineData("45000 nil nil 0.0.0.0 client", "45001 nil nil 0.0.0.0 server", BackAddress)]
    [InlineData("45000 nil nil [::] client", "45001 nil nil [::] server", "[" + BackAddressV6 + "]")]
    [InlineData("45000 " + BackAddress + " 9000 0.0.0.0 client", "45001 nil nil 0.0.0.0 server", BackAddress)]
    [InlineData("45000 " + BackAddress + " 9000 0.0.0.0 client", "45001 nil nil [::] server", BackAddress)]
    [InlineData("45000 " + BackAddressV6 + " 9000 [::] client", "45001 nil nil [::] server", "[" + BackAddressV6 + "]")]
    public async Task P2_FindsWhereAConnectionOfP1WentTo(string front, string back, string host)
    {
        await using var network = await CreateAsync(backIntercepts: true);
        await network.StartVideoAsync(network.Back, "storage", "9000", Clips);
        var p2 = await network.StartSidecarAsync(network.Back, back);
        var p1 = await network.StartSidecarAsync(network.Front, front);

        var answer = await CurlAsync(network.Front, $"http://{host}:9000/catalog.json");

        Assert.Contains("\"clock\"", answer, StringComparison.Ordinal);
        var (first, second) = (await RecordAsync(p1), await RecordAsync(p2));
        Assert.Equal(["completed", "completed"], [first.Reason, second.Reason]);
        Assert.Equal($"{host}:9000", first.Text("upstream"));
        Assert.Equal($"{host}:9000", second.Text("upstream"));
    }
}
