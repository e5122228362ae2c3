using VideoApi.Media;
using Xunit;

namespace Workload.Tests.VideoApi.Media;

public class AttributeListTests
{
    [Fact]
    public void Parse_PlainAndQuoted_AreTold()
    {
        var values = AttributeList.Parse("""A=1,B="x,y=z",C=640x360,D="" """);

        Assert.Equal(4, values.Count);
        Assert.Equal("1", values["A"]);
        Assert.Equal("x,y=z", values["B"]);
        Assert.Equal("640x360", values["C"]);
        Assert.Equal("", values["D"]);
    }

    [Theory]
    [InlineData("")]
    [InlineData("A")]
    [InlineData("=")]
    [InlineData("=1")]
    [InlineData(",,,")]
    [InlineData("A=\"open")]
    public void Parse_Malformed_HasNothing(string text) => Assert.Empty(AttributeList.Parse(text));

    [Theory]
    [InlineData("A=1,A=2", "1")]
    [InlineData("A=1,B=\"open", "1")]
    [InlineData("A=\"1\"junk,B=2", "1")]
    [InlineData(" A=1", "1")]
    [InlineData("A=", "")]
    public void Parse_PartlyMalformed_KeepsWhatIsSound(string text, string a) => Assert.Equal(a, AttributeList.Parse(text)["A"]);
}
