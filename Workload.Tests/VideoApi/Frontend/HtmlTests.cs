using VideoApi.Frontend;
using Xunit;

namespace Workload.Tests.VideoApi.Frontend;

public class HtmlTests
{
    [Fact]
    public void Of_Text_IsEncoded() =>
        Assert.Equal("<p title=\"&quot;&gt;\">&lt;b&gt; &amp; &#x27; 5</p>", Html.Of($"<p title=\"{"\">"}\">{"<b> & '"} {5}</p>").Text);

    [Fact]
    public void Of_Html_StaysAsItIs() =>
        Assert.Equal("<p><b>&lt;</b></p>", Html.Of($"<p>{Html.Of($"<b>{"<"}</b>")}</p>").Text);

    [Fact]
    public void Of_Nothing_IsEmpty() => Assert.Equal("<p></p>", Html.Of($"<p>{null}</p>").Text);
}
