using System.Text;
using Sidecar.Records.Exchanges;
using Xunit;

namespace Sidecar.Tests.Records.Exchanges;

public sealed class UrlMaskTests
{
    [Theory]
    [InlineData("/", "/")]
    [InlineData("*", "*")]
    [InlineData("/a/b?x=1&y=2", "/a/b?x=1&y=2")]
    [InlineData("/tokens/token=1", "/tokens/token=1")]
    [InlineData("/a?token", "/a?token")]
    [InlineData("/a?&&=&x==", "/a?&&=&x==")]
    [InlineData("/@user/a", "/@user/a")]
    [InlineData("//a/b@c", "//a/b@c")]
    [InlineData("http://host/a@b", "http://host/a@b")]
    [InlineData("host:443", "host:443")]
    public void Write_NothingSecret_StandsAsItIs(string url, string written) => Assert.Equal(written, Written(url));

    [Theory]
    [InlineData("/a?token=secret", "/a?token=***")]
    [InlineData("/a?x=1&ToKeN=secret&y=2", "/a?x=1&ToKeN=***&y=2")]
    [InlineData("/a?token=secret=more", "/a?token=***")]
    [InlineData("/a?token=", "/a?token=***")]
    [InlineData("/a?x=1;api_key=secret;y=2", "/a?x=1;api_key=***;y=2")]
    [InlineData("/a?%74oken=secret", "/a?%74oken=***")]
    [InlineData("/a?%54%4f%4B%45%4e=secret", "/a?%54%4f%4B%45%4e=***")]
    [InlineData("/a?user[password]=secret", "/a?user[password]=***")]
    [InlineData("/a?user%5Bp%61ssword%5D=secret", "/a?user%5Bp%61ssword%5D=***")]
    [InlineData("/a?token[]=secret", "/a?token[]=***")]
    [InlineData("/a?to=/b?token=secret", "/a?to=/b?token=***")]
    [InlineData("/a#access_token=secret&x=1", "/a#access_token=***&x=1")]
    [InlineData("http://host/a?code=secret#x", "http://host/a?code=***#x")]
    [InlineData("http://user:secret@host/a?b=1", "http://***@host/a?b=1")]
    [InlineData("http://user:sec@ret@host:80/a", "http://***@host:80/a")]
    [InlineData("http://secret@host", "http://***@host")]
    [InlineData("http://user:secret@host?x=1", "http://***@host?x=1")]
    [InlineData("//user:secret@host/a", "//***@host/a")]
    [InlineData("user:secret@host:443", "***@host:443")]
    [InlineData("/a?X-Amz-Signature=secret&X-Amz-Date=1", "/a?X-Amz-Signature=***&X-Amz-Date=1")]
    public void Write_Secrets_AreMaskedHoweverTheyAreWritten(string url, string written) => Assert.Equal(written, Written(url));

    [Theory]
    [InlineData("/a?%zztoken=1", "/a?%zztoken=1")]
    [InlineData("/a?tok%00en=1", "/a?tok%00en=1")]
    [InlineData("/a?%7=1&token%=2", "/a?%7=1&token%=2")]
    [InlineData("/a?+token+x=1", "/a?+token+x=***")]
    public void Write_NamesThatAreNoWholeEncoding_AreComparedAsTheyStand(string url, string written) => Assert.Equal(written, Written(url));

    [Fact]
    public void Write_AnEncodedNameTooLongToDecode_IsMaskedUnread()
    {
        var name = string.Concat(Enumerable.Repeat("%61", 100));
        Assert.Equal($"/?{name}=***", Written($"/?{name}=secret"));
    }

    [Fact]
    public void Write_NamesOfTheUser_ReplaceTheDefaults()
    {
        var line = new JsonLine();
        new UrlMask(["pin-code"]).Write(line, "/?token=1&PIN-CODE=2"u8);
        Assert.Equal("/?token=1&PIN-CODE=***", Encoding.UTF8.GetString(line.Bytes));
    }

    private static string Written(string url)
    {
        var line = new JsonLine();
        new UrlMask(UrlMask.Secret).Write(line, Encoding.UTF8.GetBytes(url));
        return Encoding.UTF8.GetString(line.Bytes);
    }
}
