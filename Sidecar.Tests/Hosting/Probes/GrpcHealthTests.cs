using Sidecar.Hosting.Probes;
using Xunit;

namespace Sidecar.Tests.Hosting.Probes;

public sealed class GrpcHealthTests
{
    [Theory]
    [InlineData("0000000002 0801", 1L)]
    [InlineData("0000000002 0802", 2L)]
    [InlineData("0000000000", 0L)]
    [InlineData("0000000003 088101", 129L)]
    [InlineData("000000000F 120161 0801 1D01020304 1901", null)]
    [InlineData("0000000013 120161 0801 1D01020304 190102030405060708", 1L)]
    [InlineData("0100000002 0801", null)]
    [InlineData("0000000003 0801", null)]
    [InlineData("0000000001 08", null)]
    [InlineData("0000000003 12FF00", null)]
    [InlineData("000000000C 12FFFFFFFFFFFFFFFFFF01 61", null)]
    [InlineData("0000000002 0B01", null)]
    [InlineData("00000000", null)]
    [InlineData("", null)]
    public void StatusOf_IsTheFieldOfAWholeMessage(string hex, long? status) =>
        Assert.Equal(status, GrpcHealth.StatusOf(Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal))));

    [Fact]
    public void StatusOf_AnyBytes_NeverThrows()
    {
        var random = new Random(1);
        for (var round = 0; round < 20_000; round++)
        {
            var bytes = new byte[random.Next(0, 24)];
            random.NextBytes(bytes);
            if (bytes.Length >= 5)
                (bytes[0], bytes[1], bytes[2], bytes[3], bytes[4]) = (0, 0, 0, 0, (byte)(bytes.Length - 5));
            _ = GrpcHealth.StatusOf(bytes);
        }
    }
}
