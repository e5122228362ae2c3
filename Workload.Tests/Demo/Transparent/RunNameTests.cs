using Demo.Transparent;
using Xunit;

namespace Workload.Tests.Demo.Transparent;

public sealed class RunNameTests
{
    [Theory]
    [InlineData("sidecar-demo-123-client", 123)]
    [InlineData("sidecar-demo-4194304-bridge", 4194304)]
    [InlineData("sidecar-demo-7-x3F9aq", 7)]
    [InlineData("scdemo123", 123)]
    public void Of_ANameThatARunGives_FindsTheCreator(string name, int creator) => Assert.Equal(new RunName(creator), RunName.Of(name));

    [Theory]
    [InlineData("sidecar-123-1")]
    [InlineData("sidecar-demo-client")]
    [InlineData("sidecar-demo-123")]
    [InlineData("sidecar-demo-123-")]
    [InlineData("sidecar-demo-0-client")]
    [InlineData("sidecar-demo--1-client")]
    [InlineData("my-sidecar-demo-123-client")]
    [InlineData("sidecar-demo-99999999999-client")]
    [InlineData("scdemo")]
    [InlineData("scdemo0")]
    [InlineData("scdemo12x")]
    [InlineData("sidecar12")]
    public void Of_AnotherName_FindsNone(string name) => Assert.Null(RunName.Of(name));

    [Fact]
    public void HostInterface_OfTheHighestProcessId_FitsAnInterfaceName()
    {
        // IFNAMSIZ is 16 with the closing zero; PID_MAX_LIMIT is 4,194,304.
        Assert.InRange(new RunName(4_194_304).HostInterface.Length, 1, 15);
        Assert.Equal(RunName.Own, RunName.Of(RunName.Own.HostInterface));
    }

    [Fact]
    public void IsInUse_TellsLivingFromDead()
    {
        Assert.True(RunName.Own.IsInUse);
        Assert.False(new RunName(int.MaxValue).IsInUse);
    }
}
