using System.Text;
using Sidecar.Options;
using Sidecar.Records.Exchanges;
using Sidecar.Records.Exchanges.Formats;
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
    [InlineData("/a?%zztoken=1", "/a?%zztoken=***")]
    [InlineData("/a?tok%00en=1", "/a?tok%00en=1")]
    [InlineData("/a?%7=1&token%=2", "/a?%7=1&token%=***")]
    [InlineData("/a?+token+x=1", "/a?+token+x=***")]
    public void Write_NamesThatAreNoWholeEncoding_AreComparedAsTheyStand(string url, string written) => Assert.Equal(written, Written(url));

    [Theory]
    [InlineData("oauth_token")]
    [InlineData("access-token")]
    [InlineData("accesstoken")]
    [InlineData("id_token")]
    [InlineData("refreshToken")]
    [InlineData("reset_password_token")]
    [InlineData("session_token")]
    [InlineData("private_token")]
    [InlineData("api_token")]
    [InlineData("AWSAccessKeyId")]
    [InlineData("SAMLResponse")]
    [InlineData("PHPSESSID")]
    [InlineData("ASP.NET_SessionId")]
    [InlineData("new_password")]
    [InlineData("password2")]
    [InlineData("subscription-key")]
    [InlineData("__RequestVerificationToken")]
    [InlineData("csrfmiddlewaretoken")]
    [InlineData("X-Goog-Signature")]
    [InlineData("client_SECRET")]
    public void Write_ANameWithASecretPart_IsMasked(string name) => Assert.Equal($"/a?b=1&{name}=***&c=2", Written($"/a?b=1&{name}=secret&c=2"));

    [Theory]
    [InlineData("keyword")]
    [InlineData("monkey")]
    [InlineData("author")]
    [InlineData("country_code")]
    [InlineData("shipping")]
    [InlineData("design")]
    [InlineData("inside")]
    [InlineData("max_tokens")]
    [InlineData("passenger")]
    [InlineData("state")]
    public void Write_ANameThatOnlyLooksAlike_StandsAsItIs(string name) => Assert.Equal($"/a?{name}=x", Written($"/a?{name}=x"));

    // As the documents of Google, AWS, Azure and Keycloak have them.
    [Theory]
    [InlineData("/login?redirect_uri=https%3A%2F%2Fapp%2Fcb%3Ftoken%3Dsecret%26x%3D1&y=2", "/login?redirect_uri=https%3A%2F%2Fapp%2Fcb%3Ftoken%3D***%26x%3D1&y=2")]
    [InlineData("/a?u=%2Fb%3Fnext%3D%252Fc%253Ftoken%253Dsecret%2526z%253D1%26x%3D1", "/a?u=%2Fb%3Fnext%3D%252Fc%253Ftoken%253D***%2526z%253D1%26x%3D1")]
    [InlineData("/o/oauth2/auth?state=security_token%3Dsecret%26url%3Dhttps%3A%2F%2Fx&prompt=none", "/o/oauth2/auth?state=security_token%3D***%26url%3Dhttps%3A%2F%2Fx&prompt=none")]
    [InlineData("/a?token=sec%26ret%3Dmore&x=1", "/a?token=***&x=1")]
    [InlineData("/proxy/https%3A%2F%2Fh%2F%3Fapi_key%3Dsecret", "/proxy/https%3A%2F%2Fh%2F%3Fapi_key%3D***")]
    [InlineData("/b/k?AWSAccessKeyId=AKIA&Signature=x%3D&Expires=1", "/b/k?AWSAccessKeyId=***&Signature=***&Expires=1")]
    [InlineData("/c/b?sv=2022-11-02&se=2026&sr=b&sig=a%2Bb%3D", "/c/b?sv=2022-11-02&se=2026&sr=b&sig=***")]
    [InlineData("https://app/#state=1&session_state=2&access_token=eyJ&token_type=x&expires_in=9", "https://app/#state=1&session_state=***&access_token=***&token_type=***&expires_in=9")]
    [InlineData("/a%20b?x=1%", "/a%20b?x=1%")]
    public void Write_UrlsOfTheRealWorld_KeepTheirSecrets(string url, string written) => Assert.Equal(written, Written(url));

    [Fact]
    public void Write_BytesOfAnyKind_EndsInTime()
    {
        var random = new Random(7);
        var mask = new UrlMask(ExchangeRecordOptions.SecretParameters);
        for (var i = 0; i < 20_000; i++)
        {
            var line = new JsonLine();
            mask.Write(line, Encoding.Latin1.GetBytes(string.Concat(Enumerable.Range(0, random.Next(40)).Select(_ => "?&=%25;#3DFtoken/@:[]."[random.Next(22)]))));
        }
    }

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
        new UrlMask(ExchangeRecordOptions.SecretParameters).Write(line, Encoding.UTF8.GetBytes(url));
        return Encoding.UTF8.GetString(line.Bytes);
    }
}
