using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;
using FsCheck;
using FsCheck.Fluent;
using Sidecar.Records.Exchanges;
using Testing;
using Xunit;

namespace Sidecar.Tests.Records.Exchanges;

public sealed class PathFilterTests
{
    [Theory]
    [InlineData("/a", "/a", true)]
    [InlineData("/a", "/ab", false)]
    [InlineData("/a", "/A", false)]
    [InlineData("/a/*", "/a/b", true)]
    [InlineData("/a/*", "/a/", true)]
    [InlineData("/a/*", "/a/b/c", false)]
    [InlineData("/a/**", "/a/b/c", true)]
    [InlineData("/a/**", "/a", false)]
    [InlineData("/*/b", "/x/b", true)]
    [InlineData("/*/b", "/x/y/b", false)]
    [InlineData("**/b", "/x/y/b", true)]
    [InlineData("/a*b*c", "/axxbyyc", true)]
    [InlineData("/a*b*c", "/axxbyy/c", false)]
    [InlineData("/v?/x", "/v1/x", true)]
    [InlineData("/v?/x", "/v//x", false)]
    [InlineData("/v?/x", "/v/x", false)]
    [InlineData("/a***c", "/a/b/c", true)]
    [InlineData("/*.m3u8", "/live.m3u8?x=/y", true)]
    [InlineData("/grün/*", "/grün/x", true)]
    [InlineData("/a.c", "/abc", false)]
    public void Accepts_OnePattern_TakesWhatItMatches(string pattern, string target, bool accepted) =>
        Assert.Equal(accepted, new PathFilter([pattern]).Accepts(Encoding.UTF8.GetBytes(target)));

    [Theory]
    [InlineData("/api/x", true)]
    [InlineData("/other", false)]
    [InlineData("/api/health", false)]
    [InlineData("http://host:80/api/x?y", true)]
    [InlineData("http://host:80/api/health?y", false)]
    [InlineData("http://api", false)]
    public void Accepts_SeveralPatterns_TakesWhatIsIncludedAndNotExcluded(string target, bool accepted) =>
        Assert.Equal(accepted, new PathFilter(["!/**/health", "/api/**"]).Accepts(Encoding.UTF8.GetBytes(target)));

    [Fact]
    public void Accepts_ExclusionsAlone_TakesTheRest()
    {
        var filter = new PathFilter(["!/healthz"]);
        Assert.True(filter.Accepts("/"u8));
        Assert.False(filter.Accepts("/healthz?verbose"u8));
    }

    [Fact]
    public void Matches_AnyPatternAndPath_AgreesWithTheRegularExpression()
    {
        var texts = Gen.Choose(0, 12).SelectMany(n => Gen.ArrayOf(Gen.Elements('a', 'b', '/', '*', '?'), n)).Select(c => new string(c));
        Prop.ForAll(Arb.From(texts), Arb.From(texts), (pattern, path) =>
        {
            var (glob, text) = ("/" + pattern, "/" + path.Replace('*', 'c').Replace('?', 'd'));
            var regex = Regex.Replace(glob, @"\*\*+|\*|\?|[^*?]+", m => m.Value switch
            {
                "*" => "[^/]*",
                "?" => "[^/]",
                ['*', ..] => ".*",
                _ => Regex.Escape(m.Value),
            }, RegexOptions.None, TimeSpan.FromSeconds(5));
            return PathGlob.Parse(glob).Matches(Encoding.UTF8.GetBytes(text)) == Regex.IsMatch(text, $"^(?:{regex})\\z", RegexOptions.NonBacktracking);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(Rounds.Of(5000)));
    }

    [Fact]
    public void Matches_APathMadeToBeSlow_TakesOneStepAByte()
    {
        var path = Encoding.ASCII.GetBytes("/" + new string('a', 64 * 1024));
        var started = Stopwatch.GetTimestamp();
        Assert.False(PathGlob.Parse("/**a*a**a*a**a*b").Matches(path));
        // Some 0.2 ms; with backtracking it would be hours.
        Assert.InRange(Stopwatch.GetElapsedTime(started), TimeSpan.Zero, TimeSpan.FromSeconds(5));
    }

    [Fact]
    public void Parse_PatternsThatAreNone_AreRefused()
    {
        Assert.Contains("begins with /", Assert.Throws<FormatException>(() => PathGlob.Parse("api")).Message, StringComparison.Ordinal);
        PathGlob.Parse("/" + new string('a', 500) + "*" + new string('b', 62));
        Assert.Contains("at most 63", Assert.Throws<FormatException>(() => PathGlob.Parse("/*" + new string('b', 63))).Message, StringComparison.Ordinal);
    }
}
