using System.Net;
using System.Text;
using ByteFilters;
using Demo.Verification;
using Xunit;

namespace Workload.Tests.Demo;

public sealed class WireCheckTests
{
    private const string Request = "GET /hls/v/00.ts HTTP/1.1\r\nHost: x\r\n\r\n";
    private const string Body = "the bytes of a segment";
    private const string Response = "HTTP/1.1 200 OK\r\n\r\n" + Body;
    private static readonly TransformExpression Not = TransformExpression.Not;

    [Fact]
    public async Task Check_OfATransformedConnection_FindsNoFaultAndShowsBothForms()
    {
        var (result, failures) = await CheckAsync(Not, Not);

        Assert.Empty(failures);
        Assert.Equal([Not], result.Transforms);
        Assert.Contains("47 45 54 20 2f", result.Shown[0], StringComparison.Ordinal);
        Assert.Contains("b8 ba ab df d0", result.Shown[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Check_WhenTheBytesCrossedPlain_Fails()
    {
        var (_, failures) = await CheckAsync(crossedBy: TransformExpression.Identity, decided: Not);

        Assert.Contains(failures, f => f.Contains("plain HTTP crossed", StringComparison.Ordinal));
        Assert.Contains(failures, f => f.EndsWith("its bytes crossed between p1 and p2 as they are", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Check_WhenTheOracleChoseIdentity_Fails()
    {
        var (_, failures) = await CheckAsync(crossedBy: TransformExpression.Identity, decided: TransformExpression.Identity);

        Assert.Contains(failures, f => f.Contains("chose idt, which changes nothing", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Check_WhenAnotherTransformWasAppliedThanDecided_Fails()
    {
        var (_, failures) = await CheckAsync(crossedBy: TransformExpression.Xor(9), decided: Not);

        Assert.Contains(failures, f => f.EndsWith("is no HTTP request once not is undone", StringComparison.Ordinal));
        Assert.Contains(failures, f => f.EndsWith("its bytes did not cross between p1 and p2", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Check_WhenTheOracleToldNothing_Fails()
    {
        var (_, failures) = await CheckAsync(Not, decided: null);

        Assert.Contains("connection abc: the Oracle's audit log tells of no transform for it", failures);
    }

    [Theory]
    [InlineData("bonjour abc\n", "ok xyz\n")]
    [InlineData("bonjour abc\n", "fail abc\n")]
    [InlineData("hello abc\n", "ok abc\n")]
    [InlineData("bonjour abc", "ok abc\n")]
    [InlineData("", "")]
    public async Task Check_OfAnotherAgreement_Fails(string greeting, string answer)
    {
        var (_, failures) = await CheckAsync(Not, Not, greeting, answer);

        Assert.Contains(failures, f => f.EndsWith("instead of bonjour and ok", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Check_OfARecordThatWasCutOff_Fails()
    {
        var (_, failures) = await CheckAsync(Not, Not, budget: 60);

        Assert.Contains("a connection between p1 and p2 carried more than the tap could record", failures);
    }

    [Fact]
    public async Task Check_WithoutAnyConnection_Fails()
    {
        var findings = new Findings();

        await new WireCheck(_ => Task.FromResult<TransformExpression?>(Not), findings).CheckAsync([], []);

        Assert.Equal(["no connection between p1 and p2: nothing crossed the sidecars"], findings.Failures);
    }

    private static async Task<(WireResult Result, IReadOnlyList<string> Failures)> CheckAsync(
        TransformExpression crossedBy, TransformExpression? decided, string greeting = "bonjour abc\n", string answer = "ok abc\n", int budget = 4096)
    {
        var tapped = new TapConnection(new TapBudget(budget));
        tapped.ToTarget.Add([.. Encoding.ASCII.GetBytes(greeting), .. crossedBy.Restore(Encoding.ASCII.GetBytes(Request))]);
        tapped.FromTarget.Add([.. Encoding.ASCII.GetBytes(answer), .. crossedBy.Restore(Encoding.ASCII.GetBytes(Response))]);
        var fetched = new WebAnswer(new Uri("http://127.0.0.1/hls/v/00.ts"), HttpStatusCode.OK, "video/mp2t", Encoding.ASCII.GetBytes(Body));
        var findings = new Findings();
        var result = await new WireCheck(_ => Task.FromResult(decided), findings).CheckAsync([tapped], [fetched]);
        return (result, findings.Failures);
    }
}
