using System.Net;
using System.Text.RegularExpressions;
using Oracle.Decisions;
using Oracle.Policies;
using Oracle.Protocol;
using Testing;
using Xunit;

namespace Sidecar.Tests.Oracle;

/// <summary>The policy that docs/oracle.md shows does what it seems to say.</summary>
public sealed partial class DocumentedPolicyTests : IDisposable
{
    private const string Scramble = "ok (chain (xor 42) (rotl 3))";
    private static readonly string Document = File.ReadAllText(Path.Combine(Repository.Root, "docs", "oracle.md"));

    private readonly ManualTimeProvider _time = new();
    private readonly DecisionMemory _memory;
    private readonly Arbiter _arbiter;

    public DocumentedPolicyTests()
    {
        // All but the assembly of somebody's own operators.
        var policy = Assert.Single(FiltersLine().Split(Assert.Single(PolicyBlock().Matches(Document)).Groups["policy"].Value).Chunk(2), parts => parts.Length == 2);
        _memory = new DecisionMemory(100, _time);
        _arbiter = new Arbiter(new PolicyStore(PolicyFile.Parse(string.Concat(policy), "oracle.md"), _time), _memory);
    }

    public void Dispose() => _memory.Dispose();

    [Theory]
    // p2's question, p1's, and what each is answered.
    [InlineData("in www.example.org 443 10.0.0.2 5", "out www.example.org 443 10.9.9.9 6", Scramble, Scramble)]
    [InlineData("in www.example.org 443 10.0.0.2 5", "out - 0 10.9.9.9 6", Scramble, Scramble)]
    [InlineData("in 10.1.2.3 80 ::1 5", "out - 0 ::1 6", Scramble, Scramble)]
    [InlineData("in fd00::5 80 10.0.0.2 5", "out - 0 10.9.9.9 6", Scramble, Scramble)]
    [InlineData("web anything 9000 10.0.0.2 5", "web - 0 10.9.9.9 6", Scramble, Scramble)]
    // Banned, or unknown, clients behind a p1 of the office.
    [InlineData("in www.example.org 443 10.0.0.2 5", "out - 0 203.0.113.9 6", Scramble, "deny")]
    [InlineData("in www.example.org 443 10.0.0.2 5", "out - 0 192.0.2.1 6", Scramble, "deny")]
    // A p1 that is banned itself, or no p1 of the office's.
    [InlineData("in www.example.org 443 203.0.113.9 5", "out - 0 10.9.9.9 6", "deny", "deny")]
    [InlineData("in www.example.org 443 192.0.2.1 5", "out - 0 10.9.9.9 6", "deny", "deny")]
    [InlineData("other www.example.org 443 10.0.0.2 5", "out - 0 10.9.9.9 6", "deny", "deny")]
    [InlineData("in www.example.org 443 10.0.0.2 5", "other - 0 10.9.9.9 6", Scramble, "deny")]
    [InlineData("in example.org 443 10.0.0.2 5", "out - 0 10.9.9.9 6", "deny", "deny")]
    [InlineData("in www.example.org 80 10.0.0.2 5", "out - 0 10.9.9.9 6", "deny", "deny")]
    [InlineData("in 10.2.0.1 80 10.0.0.2 5", "out - 0 10.9.9.9 6", "deny", "deny")]
    [InlineData("in www.example.org 443 10.0.0.2 5 greeted", "out 10.1.2.3 443 10.9.9.9 6", Scramble, "deny")]
    public void Pair_ByTheExample_IsAnsweredAsItSays(string ofP2, string ofP1, string first, string second)
    {
        Assert.Equal(first, Answer(Words("p2", ofP2)));
        Assert.Equal(second, Answer(Words("p1", ofP1)));
    }

    [Theory]
    [InlineData("web www.example.org 443 10.0.0.2 5", Scramble)]
    [InlineData("web www.example.org 443 203.0.113.9 5", "deny")]
    [InlineData("web elsewhere.test 443 10.0.0.2 5", "deny")]
    public void Alone_ByTheExample_IsAnsweredAsItSays(string question, string expected) => Assert.Equal(expected, Answer(Words("alone", question)));

    [Theory]
    [InlineData("10.0.0.2")]
    [InlineData("203.0.113.9")]
    public void V1_ByTheExample_IsDenied(string peer)
    {
        // It does not tell what the grant depends on.
        Assert.Equal("deny", Answer($"hello p2 b {peer} 5"));
        Assert.Equal("deny", Answer($"hello p1 b {peer} 5"));
    }

    [Theory]
    [InlineData("ask p1 a out 10.0.9.7 5432 10.9.9.9 6 plain?", "plain")]
    [InlineData("ask p1 a out Old.example.org 80 10.9.9.9 6 plain?", "plain")]
    [InlineData("ask p1 a out old.example.org 443 10.9.9.9 6 plain?", "peer")]
    [InlineData("ask p2 a in 10.0.9.7 5432 10.0.0.2 5", "ok not")]
    public void PlainExample_IsAnsweredAsItSays(string question, string expected)
    {
        var arbiter = new Arbiter(new PolicyStore(PolicyFile.Parse(Assert.Single(PlainBlock().Matches(Document)).Groups["policy"].Value, "oracle.md"), _time), _memory);
        Assert.Equal(expected, Answer(question, arbiter));
    }

    private string Answer(string line) => Answer(line, _arbiter);

    private static string Answer(string line, Arbiter arbiter)
    {
        Assert.True(OracleQuestion.TryParse(line, out var question));
        return arbiter.Decide(question, IPAddress.Loopback).Answer.ToString();
    }

    private static string Words(string role, string rest) => $"ask {role} a {rest}";

    [GeneratedRegex(@"^```yaml\n(?<policy>rules:.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex PolicyBlock();

    [GeneratedRegex(@"^```yaml\n(?<policy>default:.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex PlainBlock();

    [GeneratedRegex(@"^filters:.*\n", RegexOptions.Multiline, matchTimeoutMilliseconds: 1000)]
    private static partial Regex FiltersLine();
}
