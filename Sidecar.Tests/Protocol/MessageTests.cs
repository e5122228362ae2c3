using ByteFilters;
using FsCheck.Fluent;
using Oracle.Protocol;
using Xunit;

namespace Sidecar.Tests.Protocol;

/// <summary>The other messages of wire protocol v1: answers, greetings, transforms, roles, ids.</summary>
public sealed class MessageTests
{
    [Theory]
    [InlineData("deny", null)]
    [InlineData("ok idt", "idt")]
    [InlineData("ok not", "not")]
    [InlineData("ok xor 0", "xor 0")]
    [InlineData("ok  xor   255 ", "xor 255")]
    public void OracleAnswer_Line_IsRead(string line, string? transform)
    {
        Assert.True(OracleAnswer.TryParse(line, out var answer));
        Assert.Equal(transform, answer.Transform?.WireForm);
    }

    [Theory]
    [InlineData("")]
    [InlineData("ok")]
    [InlineData("ok ")]
    [InlineData("okay not")]
    [InlineData("OK not")]
    [InlineData("ok xor")]
    [InlineData("ok xor 256")]
    [InlineData("ok xor -1")]
    [InlineData("ok xor 1 2")]
    [InlineData("ok not 1")]
    [InlineData("ok random")]
    [InlineData("not")]
    [InlineData("denied")]
    public void OracleAnswer_Nonsense_IsRefusedAndNeverAGrant(string line)
    {
        Assert.False(OracleAnswer.TryParse(line, out var answer));
        Assert.Null(answer.Transform);
    }

    [Theory]
    [InlineData("ok (chain (xor 42) (rotl 3))", "ok (chain (xor 42) (rotl 3))", null)]
    [InlineData("ok xor 42", "ok (xor 42)", "ok xor 42")]
    [InlineData("ok (xor 0x2A)", "ok (xor 42)", "ok xor 42")]
    [InlineData("ok  not ", "ok not", "ok not")]
    [InlineData("ok (chain not not)", "ok (chain not not)", "ok idt")]
    [InlineData("deny", "deny", "deny")]
    public void OracleAnswer_OfV1x_IsReadAndSaidInBothDialectsWhereTheyCan(string line, string v1x, string? v1)
    {
        Assert.True(OracleAnswer.TryParse(line, OracleDialect.V1x, TransformLanguage.Default, out var answer));
        Assert.Equal((v1x, v1), (answer.ToLine(OracleDialect.V1x), answer.ToLine(OracleDialect.V1)));
        Assert.Equal((true, v1 is not null), (answer.FitsIn(OracleDialect.V1x), answer.FitsIn(OracleDialect.V1)));
    }

    [Theory]
    [InlineData("ok")]
    [InlineData("ok ")]
    [InlineData("ok (xor 300)")]
    [InlineData("ok (xor 1")]
    [InlineData("ok (xor 1) (xor 2)")]
    [InlineData("ok scramble")]
    [InlineData("ok random")]
    [InlineData("deny (xor 1)")]
    [InlineData("OK (xor 1)")]
    public void OracleAnswer_NonsenseInV1x_IsRefusedAndNeverAGrant(string line)
    {
        Assert.False(OracleAnswer.TryParse(line, OracleDialect.V1x, TransformLanguage.Default, out var answer));
        Assert.Null(answer.Transform);
    }

    [Theory]
    [InlineData("ok (xor 42)")]
    [InlineData("ok (add 1)")]
    public void OracleAnswer_OfV1xInV1_IsRefused(string line) => Assert.False(OracleAnswer.TryParse(line, out _));

    [Theory]
    [InlineData("plain", GreetingAdvice.Plain)]
    [InlineData("peer", GreetingAdvice.Peer)]
    [InlineData("deny", null)]
    public void OracleAnswer_BeforeAGreeting_IsReadOnlyThere(string line, GreetingAdvice? advice)
    {
        Assert.True(OracleAnswer.TryParseAdvice(line, out var answer));
        Assert.Equal((advice, null, line, line), (answer.Advice, answer.Transform, answer.ToLine(OracleDialect.V1x), answer.ToString()));
        Assert.True(answer.FitsIn(OracleDialect.V1x));
        foreach (var dialect in Enum.GetValues<OracleDialect>())
            Assert.Equal(advice is null, OracleAnswer.TryParse(line, dialect, TransformLanguage.Default, out _));
    }

    [Theory]
    [InlineData("")]
    [InlineData("ok not")]
    [InlineData("ok plain")]
    [InlineData("plain ")]
    [InlineData("Plain")]
    [InlineData("plain?")]
    [InlineData("peers")]
    [InlineData("idt")]
    public void OracleAnswer_NonsenseBeforeAGreeting_IsRefusedAndNeverPlain(string line)
    {
        Assert.False(OracleAnswer.TryParseAdvice(line, out var answer));
        Assert.Null(answer.Advice);
    }

    [Fact]
    public void FitsIn_LongTransform_HoldsToTheLine()
    {
        // A chain of tables: 520 characters each, seven of them fit.
        var table = $"(table \"{Convert.ToHexString([.. Enumerable.Range(0, 256).Select(i => (byte)(i * 3))]).ToLowerInvariant()}\")";
        Assert.True(Tables(7).FitsIn(OracleDialect.V1x));
        Assert.False(Tables(8).FitsIn(OracleDialect.V1x));

        OracleAnswer Tables(int count) => new(TransformExpression.Parse($"(chain {string.Join(' ', Enumerable.Repeat(table, count))})"));
    }

    [Theory]
    [InlineData("ok abc", true)]
    [InlineData("fail abc", false)]
    public void PeerAnswer_Line_IsRead(string line, bool granted)
    {
        Assert.True(PeerAnswer.TryParse(line, out var answer));
        Assert.Equal((granted, "abc", line), (answer.Granted, answer.Id.ToString(), answer.ToString()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("ok")]
    [InlineData("fail")]
    [InlineData("ok abc def")]
    [InlineData("yes abc")]
    [InlineData("OK abc")]
    public void PeerAnswer_Nonsense_IsRefused(string line) => Assert.False(PeerAnswer.TryParse(line, out _));

    [Theory]
    [InlineData("bonjour abc", null, 0)]
    [InlineData("bonjour abc example.org 80", "example.org", 80)]
    [InlineData("bonjour abc ::1 65535", "::1", 65535)]
    public void PeerGreeting_Line_IsReadAndWrittenTheSame(string line, string? host, int port)
    {
        Assert.True(PeerGreeting.TryParse(line, out var greeting));
        Assert.Equal((host, port, line), (greeting.Host, greeting.Port, greeting.ToString()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("bonjour")]
    [InlineData("bonsoir abc")]
    [InlineData("bonjour abc host")]
    [InlineData("bonjour abc host 0")]
    [InlineData("bonjour abc host 65536")]
    [InlineData("bonjour abc host http")]
    [InlineData("bonjour abc host 80 81")]
    public void PeerGreeting_Nonsense_IsRefused(string line) => Assert.False(PeerGreeting.TryParse(line, out _));

    [Fact]
    public void SidecarRole_EveryWord_IsReadBackTheSame() =>
        Assert.All(Enum.GetValues<SidecarRole>(), role => Assert.True(SidecarRoles.TryParse(role.Word(), out var again) && again == role));

    [Fact]
    public void ConnectionId_New_FitsAndDiffers()
    {
        var ids = Enumerable.Range(0, 1000).Select(_ => ConnectionId.New()).ToHashSet();
        Assert.Equal(1000, ids.Count);
        Assert.All(ids, id => Assert.True(id.ToString().Length == 16 && ConnectionId.TryParse(id.ToString(), out _)));
        // No bit is fixed: each of 32 letters is in each place (one is missing by chance in 1 of 10^11 runs).
        Assert.All(Enumerable.Range(0, 16), place => Assert.Equal(32, ids.Select(id => id.ToString()[place]).Distinct().Count()));
    }

    [Theory]
    [InlineData("", false)]
    [InlineData("a b", false)]
    [InlineData("a\n", false)]
    [InlineData("\u00e4", false)]
    [InlineData("#<id 1>", false)]
    [InlineData("~!x", true)]
    [InlineData("0123456789012345678901234567890123456789012345678901234567890123", true)]
    [InlineData("0123456789012345678901234567890123456789012345678901234567890123x", false)]
    public void ConnectionId_Text_IsTakenWithinItsBounds(string text, bool taken) =>
        Assert.Equal(taken, ConnectionId.TryParse(text, out _));

    [Fact]
    public void Parsers_RandomWords_NeverThrowAndReadBackWhatTheyTook()
    {
        const int seed = 20260103;
        var random = new Random(seed);
        string[] words = ["hello", "ask", "-", "0", "bonjour", "ok", "fail", "deny", "plain", "peer", "plain?", "greeted", "p1", "p2", "alone", "xor", "not", "idt", "7", "256", "99999", "-1", "#(1", "2", "3)", "#(", ")", "::1", "1.2.3.4", "[::1]", "%", "~", "x", "", " ", "in", "(xor", "(chain", "7)", "80"];
        string[] whole = ["hello p1 x 1.2.3.4 7", "ask p1 x in h 80 1.2.3.4 7", "ask p1 x in h 80 1.2.3.4 7 plain?", "plain", "ask alone x in - 0 #(1 2 3 4) 7", "ok (chain (xor 7) not (rotl 3))", "ok xor 7", "bonjour x h 7"];
        for (var round = 0; round < 50_000; round++)
        {
            // Half of the lines are whole messages with one word changed.
            var parts = random.Next(2) == 0 ? random.GetItems(words, random.Next(8)) : whole[random.Next(whole.Length)].Split(' ');
            if (parts.Length > 0)
                parts[random.Next(parts.Length)] = words[random.Next(words.Length)];
            var line = string.Join(' ', parts);
            var shown = $"seed {seed}, round {round}: '{line}'";
            Assert.True(!OracleQuestion.TryParse(line, out var question) || (OracleQuestion.TryParse(question.ToString(), out var q) && q == question), shown);
            Assert.True(!OracleAnswer.TryParse(line, out var answer) || (OracleAnswer.TryParse(answer.ToLine(OracleDialect.V1)!, out var a) && a == answer), shown);
            Assert.True(!OracleAnswer.TryParse(line, OracleDialect.V1x, TransformLanguage.Default, out var rich)
                || (OracleAnswer.TryParse(rich.ToLine(OracleDialect.V1x)!, OracleDialect.V1x, TransformLanguage.Default, out var r) && r == rich), shown);
            Assert.True(!OracleAnswer.TryParseAdvice(line, out var advice) || (OracleAnswer.TryParseAdvice(advice.ToLine(OracleDialect.V1x)!, out var d) && d == advice
                && (advice.Advice is null || !OracleAnswer.TryParse(line, OracleDialect.V1x, TransformLanguage.Default, out _))), shown);
            Assert.True(!PeerAnswer.TryParse(line, out var verdict) || (PeerAnswer.TryParse(verdict.ToString(), out var v) && v == verdict), shown);
            Assert.True(!PeerGreeting.TryParse(line, out var greeting) || (PeerGreeting.TryParse(greeting.ToString(), out var g) && g == greeting), shown);
        }
    }
}
