using Oracle.Decisions;
using Oracle.Policies;
using Oracle.Protocol;
using Sidecar.Tests.Support;
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
            var first = arbiter.Decide(Question($"hello p2 id{i} 10.0.0.1 5")).Answer.ToString();
            Assert.Equal(first, arbiter.Decide(Question($"hello p1 id{i} 10.9.9.9 6")).Answer.ToString());
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
        Assert.Equal((DenialReason.Policy, "no-p2"), Denial(arbiter.Decide(Question("hello p2 a 10.0.0.1 5"))));
        Assert.Equal((DenialReason.Policy, "no-p2"), Denial(arbiter.Decide(Question("hello p1 a 10.0.0.1 5"))));
    }

    [Fact]
    public void Decide_SecondWithADenialInItsRule_GetsTheFirstAnswer()
    {
        var arbiter = Arbiter("""
            rules: [{name: no-p1, role: p1, deny: true}]
            default: xor 9
            """);
        Assert.Equal("ok (xor 9)", arbiter.Decide(Question("hello p2 a 10.0.0.1 5")).Answer.ToString());
        Assert.Equal("ok (xor 9)", arbiter.Decide(Question("hello p1 a 10.0.0.1 5")).Answer.ToString());
        Assert.Equal((DenialReason.RepeatedQuestion, null), Denial(arbiter.Decide(Question("hello p1 a 10.0.0.1 5"))));
    }

    [Fact]
    public void Decide_SecondWithAnotherTransformInItsRule_GetsTheFirstOnes()
    {
        var arbiter = Arbiter("""
            rules: [{role: p1, transform: xor 1}, {role: p2, transform: xor 2}]
            """);
        Assert.Equal("ok (xor 2)", arbiter.Decide(Question("hello p2 a 10.0.0.1 5")).Answer.ToString());
        var second = arbiter.Decide(Question("hello p1 a 10.0.0.1 5"));
        Assert.Equal(("ok (xor 2)", "rules.1"), (second.Answer.ToString(), second.Rule));
    }

    [Fact]
    public void Decide_PolicyReplacedBetweenTheTwo_KeepsTheFirstAnswer()
    {
        var arbiter = Arbiter("default: xor 1");
        arbiter.Decide(Question("hello p2 a 10.0.0.1 5"));
        arbiter.Decide(Question("hello p2 b 10.0.0.1 5"));
        _policies.Replace(PolicyFile.Parse("default: xor 2", "p"));
        var kept = arbiter.Decide(Question("hello p1 a 10.0.0.1 5"));
        Assert.Equal(("ok (xor 1)", 1), (kept.Answer.ToString(), kept.Generation));
        _policies.Replace(PolicyFile.Parse("default: deny", "p"));
        Assert.Equal("ok (xor 1)", arbiter.Decide(Question("hello p1 b 10.0.0.1 5")).Answer.ToString());
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
        var one = arbiter.Decide(Question(first == "ask" ? "ask p2 a in h 80 10.0.0.1 5" : "hello p2 a 10.0.0.1 5"));
        var other = arbiter.Decide(Question(second == "ask" ? "ask p1 a out - 0 10.0.0.2 6" : "hello p1 a 10.0.0.2 6"));
        foreach (var (decision, granted) in new[] { (one, firstGranted), (other, secondGranted) })
        {
            Assert.Equal(granted ? transform : null, decision.Answer.Transform?.Text);
            Assert.Equal((granted ? (DenialReason?)null : DenialReason.Dialect, "default", 1), (decision.Reason, decision.Rule, decision.Generation));
        }
    }

    [Fact]
    public void Decide_ByTheFirstOnesRoute_HoldsForTheSecond()
    {
        var arbiter = Arbiter("""
            rules: [{name: web, listener: in, destination: "*:80", transform: (rotl 3)}]
            """);
        Assert.Equal("ok (rotl 3)", arbiter.Decide(Question("ask p2 a in h 80 10.0.0.1 5")).Answer.ToString());
        // On its own the second would be denied: another listener, and no destination.
        Assert.Equal("ok (rotl 3)", arbiter.Decide(Question("ask p1 a out - 0 10.0.0.1 5")).Answer.ToString());
        Assert.Equal((DenialReason.Policy, "default"), Denial(arbiter.Decide(Question("ask p1 b out - 0 10.0.0.1 5"))));
    }

    [Fact]
    public void Decide_WithoutTheRouteOfARule_IsADenialAndNeverTheDefault()
    {
        var arbiter = Arbiter("""
            rules: [{name: h, destination: h, transform: (add 1)}]
            default: idt
            """);
        Assert.Equal((DenialReason.Dialect, "h"), Denial(arbiter.Decide(Question("hello p2 a 10.0.0.1 5"))));
        Assert.Equal((DenialReason.Dialect, "h"), Denial(arbiter.Decide(Question("ask p1 a in h 80 10.0.0.1 5"))));
        Assert.Equal("ok (add 1)", arbiter.Decide(Question("ask p2 b in h 80 10.0.0.1 5")).Answer.ToString());
        Assert.Equal("ok idt", arbiter.Decide(Question("ask p2 c in g 80 10.0.0.1 5")).Answer.ToString());
    }

    [Fact]
    public void Decide_MemoryFull_Denies()
    {
        var arbiter = Arbiter("default: not");
        for (var i = 0; i < 100; i++)
            Assert.Null(arbiter.Decide(Question($"hello p1 id{i} 10.0.0.1 5")).Reason);
        Assert.Equal((DenialReason.MemoryFull, null), Denial(arbiter.Decide(Question("hello p1 x 10.0.0.1 5"))));
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

    private static OracleQuestion Question(string line) =>
        OracleQuestion.TryParse(line, out var question) ? question : throw new FormatException(line);
}
