using System.Net;
using Oracle.Decisions;
using Oracle.Policies;
using Oracle.Protocol;
using Testing;
using Xunit;

namespace Sidecar.Tests.Oracle;

public sealed class ArbiterTests : IDisposable
{
    private readonly ManualTimeProvider _time = new();
    private readonly DecisionMemory _memory;
    private PolicyStore _policies = null!;

    public ArbiterTests() => _memory = new DecisionMemory(100, _time);

    public void Dispose() => _memory.Dispose();

    [Fact]
    public void Decide_Random_GivesBothRolesTheSameKeyAndConnectionsDifferentOnes()
    {
        var arbiter = Arbiter("default: random");
        var keys = new HashSet<string>();
        for (var i = 0; i < 40; i++)
        {
            var first = Ask(arbiter, $"hello p2 id{i} 10.0.0.1 5").Answer.ToString();
            Assert.Equal(first, Ask(arbiter, $"hello p1 id{i} 10.9.9.9 6").Answer.ToString());
            keys.Add(first);
        }

        // Forty draws that all fall together: never.
        Assert.True(keys.Count > 1);
    }

    [Fact]
    public void Decide_FirstDenied_DeniesTheSecondToo()
    {
        var arbiter = Arbiter("""
            rules: [{name: no-p2, role: p2, deny: true}]
            default: not
            """);
        Assert.Equal((DenialReason.Policy, "no-p2"), Denial(Ask(arbiter, "hello p2 a 10.0.0.1 5")));
        Assert.Equal((DenialReason.Policy, "no-p2"), Denial(Ask(arbiter, "hello p1 a 10.0.0.1 5")));
    }

    [Fact]
    public void Decide_SecondWithADenialInItsRule_IsDeniedAndTheFirstKeepsItsGrant()
    {
        var arbiter = Arbiter("""
            rules: [{name: no-p1, role: p1, deny: true}]
            default: xor 9
            """);
        Assert.Equal("ok (xor 9)", Ask(arbiter, "hello p2 a 10.0.0.1 5").Answer.ToString());
        Assert.Equal((DenialReason.Policy, "no-p1"), Denial(Ask(arbiter, "hello p1 a 10.0.0.1 5")));
        Assert.Equal((DenialReason.RepeatedQuestion, null), Denial(Ask(arbiter, "hello p1 a 10.0.0.1 5")));
    }

    [Theory]
    [InlineData("hello p1 a 10.0.0.2 6")]
    [InlineData("ask p1 a out h 80 10.0.0.2 6")]
    [InlineData("ask p1 a out - 0 10.0.0.2 6")]
    public void Decide_P1OfAnUntoldConnection_OpensNothingAndIsNotRemembered(string question)
    {
        var arbiter = Arbiter("""
            rules: [{name: friends, peer: 10.0.0.0/8, transform: idt}]
            """);
        Assert.Equal((DenialReason.UnknownConnection, null), Denial(Ask(arbiter, question)));
        Assert.Equal(0, _memory.Count);
        // What p2 says of the same id is judged as if nobody had asked.
        Assert.Equal((DenialReason.Policy, "default"), Denial(Ask(arbiter, "ask p2 a in h 80 203.0.113.1 5")));
        Assert.Equal((DenialReason.Policy, "default"), Denial(Ask(arbiter, question)));
    }

    [Fact]
    public void Decide_P1AfterItsTime_IsUnknown()
    {
        var arbiter = Arbiter("default: not");
        Ask(arbiter, "hello p2 a 10.0.0.1 5");
        _time.Advance(DecisionMemory.Lifetime);
        Assert.Equal((DenialReason.UnknownConnection, null), Denial(Ask(arbiter, "hello p1 a 10.0.0.1 5")));
    }

    [Theory]
    // Which side shows the client's address differs: a rule on it bites on either.
    [InlineData("203.0.113.9", "10.0.0.2", "deny", "deny")]
    [InlineData("10.0.0.1", "203.0.113.9", "ok not", "deny")]
    [InlineData("10.0.0.1", "10.0.0.2", "ok not", "ok not")]
    public void Decide_RuleOnThePeer_BitesOnEitherSide(string ofP2, string ofP1, string first, string second)
    {
        var arbiter = Arbiter("""
            rules: [{peer: 203.0.113.0/24, deny: true}]
            default: not
            """);
        Assert.Equal(first, Ask(arbiter, $"ask p2 a in h 80 {ofP2} 5").Answer.ToString());
        Assert.Equal(second, Ask(arbiter, $"ask p1 a out - 0 {ofP1} 6").Answer.ToString());
    }

    [Theory]
    [InlineData("h 80", "greeted", "h 80", null)]
    [InlineData("h 80", "greeted", "H. 80", null)]
    [InlineData("::ffff:10.1.1.1 80", "greeted", "10.1.1.1 80", null)]
    [InlineData("fd00::1 80", "greeted", "FD00:0::1 80", null)]
    [InlineData("h 80", "greeted", "- 0", null)]
    [InlineData("h 80", "greeted", "h 81", DenialReason.Mismatch)]
    [InlineData("h 80", "greeted", "g 80", DenialReason.Mismatch)]
    [InlineData("10.1.1.1 80", "greeted", "h 80", DenialReason.Mismatch)]
    [InlineData("h 80", "greeted", "127.1 80", DenialReason.Mismatch)]
    // Where p2 goes by its own target, p1 may have meant another name for it.
    [InlineData("h 80", "", "g 81", null)]
    public void Decide_DestinationsOfThePair_MustBeTheSameWhereP2WasGreetedWithIt(string ofP2, string greeted, string ofP1, object? reason)
    {
        var arbiter = Arbiter("default: not");
        Assert.Null(Ask(arbiter, $"ask p2 a in {ofP2} 10.0.0.1 5 {greeted}").Reason);
        Assert.Equal(reason, Ask(arbiter, $"ask p1 a out {ofP1} 10.0.0.2 6").Reason);
    }

    [Theory]
    [InlineData("ask p1 a out - 0 10.0.0.2 6", "h", null)]
    [InlineData("hello p1 a 10.0.0.2 6", "h", null)]
    [InlineData("ask p1 a out - 0 10.0.0.2 6", "g", "no-g")]
    // p1 means g, whatever p2's own target is.
    [InlineData("ask p1 a out g 80 10.0.0.2 6", "h", "no-g")]
    public void Decide_P1ThatDoesNotTellTheDestination_IsJudgedByP2s(string question, string destination, string? denied)
    {
        var arbiter = Arbiter("""
            rules:
              - {name: no-g, role: p1, destination: g, deny: true}
              - {name: h, destination: ["h:80", "g:80"], transform: (xor 3)}
            """);
        Assert.Null(Ask(arbiter, $"ask p2 a in {destination} 80 10.0.0.1 5").Reason);
        var second = Ask(arbiter, question);
        Assert.Equal(denied is null ? (null, "h") : (DenialReason.Policy, denied), (second.Reason, second.Rule));
    }

    [Fact]
    public void Decide_P1WhoseRulesAllGrantButNotTheSame_GetsTheFirstTransform()
    {
        // In v1 the second tells no listener: it would get one of the two, and p2's holds for both.
        var arbiter = Arbiter("""
            rules: [{listener: in, transform: (xor 1)}]
            default: (xor 2)
            """);
        Assert.Equal("ok (xor 1)", Ask(arbiter, "ask p2 a in h 80 10.0.0.1 5").Answer.ToString());
        Assert.Equal("ok (xor 1)", Ask(arbiter, "hello p1 a 10.0.0.1 5").Answer.ToString());
    }

    [Fact]
    public void Decide_SecondWithAnotherTransformInItsRule_GetsTheFirstOnes()
    {
        var arbiter = Arbiter("""
            rules: [{role: p1, transform: xor 1}, {role: p2, transform: xor 2}]
            """);
        Assert.Equal("ok (xor 2)", Ask(arbiter, "hello p2 a 10.0.0.1 5").Answer.ToString());
        var second = Ask(arbiter, "hello p1 a 10.0.0.1 5");
        Assert.Equal(("ok (xor 2)", "rules.1"), (second.Answer.ToString(), second.Rule));
    }

    [Fact]
    public void Decide_PolicyReplacedBetweenTheTwo_KeepsTheFirstTransformAndJudgesAnew()
    {
        var arbiter = Arbiter("default: xor 1");
        Ask(arbiter, "hello p2 a 10.0.0.1 5");
        Ask(arbiter, "hello p2 b 10.0.0.1 5");
        _policies.Replace(PolicyFile.Parse("default: xor 2", "p"));
        var kept = Ask(arbiter, "hello p1 a 10.0.0.1 5");
        Assert.Equal(("ok (xor 1)", 1), (kept.Answer.ToString(), kept.Generation));
        _policies.Replace(PolicyFile.Parse("default: deny", "p"));
        // Its own judgement is that of the policy in force, which grants nothing any more.
        Assert.Equal((DenialReason.Policy, "default"), Denial(Ask(arbiter, "hello p1 b 10.0.0.1 5")));
    }

    [Theory]
    // The transform that the rule names, the two questions' dialects, and whether each is granted.
    [InlineData("(add 1)", "ask", "ask", true, true)]
    [InlineData("(add 1)", "ask", "hello", true, false)]
    [InlineData("(add 1)", "hello", "ask", false, false)]
    [InlineData("(add 1)", "hello", "hello", false, false)]
    [InlineData("(xor 7)", "ask", "hello", true, true)]
    [InlineData("(xor 7)", "hello", "ask", true, true)]
    [InlineData("(chain (xor 3) (rotl 0) (xor 4))", "hello", "ask", true, true)]
    public void Decide_InDialectsOfTheirOwn_HoldsForBothAndIsNeverWeakened(string transform, string first, string second, bool firstGranted, bool secondGranted)
    {
        var arbiter = Arbiter($"default: {transform}");
        var one = Ask(arbiter, first == "ask" ? "ask p2 a in h 80 10.0.0.1 5" : "hello p2 a 10.0.0.1 5");
        var other = Ask(arbiter, second == "ask" ? "ask p1 a out - 0 10.0.0.2 6" : "hello p1 a 10.0.0.2 6");
        foreach (var (decision, granted) in new[] { (one, firstGranted), (other, secondGranted) })
        {
            Assert.Equal(granted ? transform : null, decision.Answer.Transform?.Text);
            Assert.Equal((granted ? (DenialReason?)null : DenialReason.Dialect, "default", 1), (decision.Reason, decision.Rule, decision.Generation));
        }
    }

    [Fact]
    public void Decide_RuleOnListeners_JudgesEachSidesOwn()
    {
        var arbiter = Arbiter("""
            rules: [{name: web, listener: [in, out], destination: "*:80", transform: (rotl 3)}]
            """);
        foreach (var (ofP2, ofP1, first, second) in new[] { ("in", "out", "ok (rotl 3)", "ok (rotl 3)"), ("in", "else", "ok (rotl 3)", "deny"), ("else", "out", "deny", "deny") })
        {
            Assert.Equal(first, Ask(arbiter, $"ask p2 {ofP2}-{ofP1} {ofP2} h 80 10.0.0.1 5").Answer.ToString());
            Assert.Equal(second, Ask(arbiter, $"ask p1 {ofP2}-{ofP1} {ofP1} - 0 10.0.0.1 5").Answer.ToString());
        }
    }

    [Fact]
    public void Decide_WithoutTheRouteOfARule_IsADenialAndNeverTheDefault()
    {
        var arbiter = Arbiter("""
            rules: [{name: h, destination: h, transform: (add 1)}]
            default: idt
            """);
        Assert.Equal((DenialReason.Dialect, "h"), Denial(Ask(arbiter, "hello p2 a 10.0.0.1 5")));
        Assert.Equal((DenialReason.Dialect, "h"), Denial(Ask(arbiter, "ask p1 a in h 80 10.0.0.1 5")));
        Assert.Equal("ok (add 1)", Ask(arbiter, "ask p2 b in h 80 10.0.0.1 5").Answer.ToString());
        Assert.Equal("ok idt", Ask(arbiter, "ask p2 c in g 80 10.0.0.1 5").Answer.ToString());
    }

    [Theory]
    [InlineData("h", "plain", "legacy")]
    [InlineData("g", "peer", "default")]
    [InlineData("bad", "deny", "bad")]
    public void Decide_P1BeforeItsGreeting_IsToldWhatToDoAndNothingIsRemembered(string destination, string answer, string rule)
    {
        var arbiter = Arbiter("""
            rules:
              - {name: bad, destination: bad, deny: true}
              - {name: legacy, destination: h, plain: true}
            default: xor 9
            """);
        // As often as it likes.
        for (var i = 0; i < 3; i++)
        {
            var decision = Ask(arbiter, $"ask p1 a out {destination} 80 10.0.0.1 5 plain?");
            Assert.Equal((answer, rule, 1), (decision.Answer.ToString(), decision.Rule, decision.Generation));
            Assert.Equal(answer == "deny" ? DenialReason.Policy : null, decision.Reason);
        }

        Assert.Equal(0, _memory.Count);
        // It opens nothing, and does not count as p1's question.
        Assert.Equal((DenialReason.UnknownConnection, null), Denial(Ask(arbiter, "ask p1 a out g 80 10.0.0.1 5")));
        Assert.Equal("ok (xor 9)", Ask(arbiter, "ask p2 a in g 80 10.0.0.1 5 greeted").Answer.ToString());
        Ask(arbiter, $"ask p1 a out {destination} 80 10.0.0.1 5 plain?");
        Assert.Equal("ok (xor 9)", Ask(arbiter, "ask p1 a out g 80 10.0.0.1 5").Answer.ToString());
    }

    [Fact]
    public void Decide_InventedIds_FillTheirAskersShareAlone()
    {
        var arbiter = Arbiter("default: not");
        for (var i = 0; i < 1000; i++)
            Ask(arbiter, $"hello p2 id{i} 10.0.0.1 5");
        Assert.Equal((DenialReason.MemoryFull, null), Denial(Ask(arbiter, "hello p2 x 10.0.0.1 5")));
        Assert.Null(Ask(arbiter, "hello p2 x 10.0.0.1 5", "192.0.2.2").Reason);
        // p1 asks from an address of its own and needs no room.
        Assert.Null(Ask(arbiter, "hello p1 x 10.0.0.1 5", "192.0.2.1").Reason);
        Assert.Null(Ask(arbiter, "hello alone y 10.0.0.1 5", "192.0.2.1").Reason);
    }

    [Fact]
    public void DenialReason_EveryValue_HasASnakeCaseWordOfItsOwn()
    {
        var words = Enum.GetValues<DenialReason>().Select(r => r.Word()).ToList();
        Assert.Equal(words.Count, words.Distinct().Count());
        Assert.All(words, word => Assert.Matches("^[a-z]+(_[a-z]+)*$", word));
    }

    private Arbiter Arbiter(string policy) =>
        new(_policies = new PolicyStore(PolicyFile.Parse(policy, "p"), _time), _memory);

    private static (DenialReason?, string?) Denial(Decision decision)
    {
        Assert.Equal("deny", decision.Answer.ToString());
        return (decision.Reason, decision.Rule);
    }

    private static Decision Ask(Arbiter arbiter, string line, string asker = "192.0.2.1") =>
        OracleQuestion.TryParse(line, out var question) ? arbiter.Decide(question, IPAddress.Parse(asker)) : throw new FormatException(line);
}
