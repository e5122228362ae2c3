using Sidecar.Tests.EndToEnd.BadPeers;
using Sidecar.Tests.Support.Peers;
using Testing.Peers;
using Xunit;

namespace Sidecar.Tests.Authorization.Pools;

/// <summary>Answers of dialect v1x: what is understood, however it comes, and what ends the connection.</summary>
public sealed class KeptAnswerTests
{
    public static TheoryData<string> Transports => ["epoll", "sockets"];

    public static TheoryData<string, string, string, string> Refused
    {
        get
        {
            var data = new TheoryData<string, string, string, string>();
            foreach (var transport in new[] { "epoll", "sockets" })
            {
                data.Add(transport, "ok (rot13 4)\n", "protocol_error", "1:2: an operator expected, got rot13");
                data.Add(transport, "ok (chain (xor 1) scramble)\n", "protocol_error", "1:16: an expression expected, got scramble");
                data.Add(transport, "ok (xor 300)\n", "protocol_error", "1:6: a byte 0..255 expected, got 300");
                data.Add(transport, "ok \n", "protocol_error", "1:1: an expression expected, got the end");
                data.Add(transport, "nonsense\n", "protocol_error", "the Oracle's answer 'nonsense' does not follow the protocol");
                data.Add(transport, "denied\n", "protocol_error", "the Oracle's answer 'denied' does not follow the protocol");
                data.Add(transport, "ok \0\n", "protocol_error", "malformed");
                data.Add(transport, new string('o', 4098), "protocol_error", "too long");
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Refused))]
    public async Task Answer_ThatIsNone_EndsTheConnectionAndTheOneToTheOracle(string transport, string answer, string reason, string detail)
    {
        await using var way = await KeptWay.OpenAsync(transport);
        using var client = await way.ConnectAsync();
        var asked = await way.Oracle.AcceptAsync();
        await asked.ReadLineAsync();
        await asked.SendAsync(answer);

        Assert.Contains(detail, (await way.IsRefusedAsync(client, reason)).Text("detail"), StringComparison.Ordinal);
        Assert.Equal("", await asked.ReadUntilClosedAsync());
        await way.FirstAsync();
    }

    [Theory]
    [InlineData("alone")]
    [InlineData("p1")]
    [InlineData("p2")]
    public async Task Answer_ThatIsNone_FailsClosedInEveryRole(string role)
    {
        using var oracle = new PlayedOracle();
        await using var way = await OracleWay.OpenAsync(role, oracle.Port, "20s", "--oracle-dialect", "v1x");
        using var asked = await oracle.AcceptAsync();
        await asked.ReadLineAsync();

        await asked.SendAsync("ok (rot13 4)\n");

        Assert.Contains("rot13", (await way.EndsForAsync("protocol_error")).Text("detail"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("epoll")]
    [InlineData("sockets")]
    public async Task Oracle_ThatIsDown_IsUnreachable(string transport)
    {
        using var oracle = new RefusingPort();
        await using var way = await OracleWay.OpenAsync("alone", oracle.Port, "20s", "--oracle-dialect", "v1x", "--transport", transport);

        await way.EndsForAsync("oracle_unreachable");
    }

    [Theory]
    [InlineData("epoll")]
    [InlineData("sockets")]
    public async Task Oracle_ThatDoesNotAccept_EndsAtTheHandshakeLimit(string transport)
    {
        await using var oracle = await HangingPort.OpenAsync();
        await using var way = await OracleWay.OpenAsync("alone", oracle.Port, "2s", "--oracle-dialect", "v1x", "--transport", transport);

        await way.Sidecar.RecordAsync();
        // Its own filler is a socket of the same port.
        await oracle.DisposeAsync();
        await way.EndsForAsync("oracle_timeout");
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Answer_CutAnywhere_IsWhole(string transport)
    {
        const string answer = "ok (xor 3)\r\n";
        await using var way = await KeptWay.OpenAsync(transport);
        var asked = await way.FirstAsync();
        for (var cut = 1; cut < answer.Length; cut++)
        {
            using var client = await way.ConnectAsync();
            await asked.ReadLineAsync();
            await asked.SendAsync(answer[..cut]);
            await asked.SendAsync(answer[cut..]);
            await way.RelaysAsync(client, 3);
        }

        Assert.True(await way.Oracle.IsUntouchedAsync());
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Answer_OfTheLongestLength_IsTakenAndShownInBounds(string transport)
    {
        await using var way = await KeptWay.OpenAsync(transport);
        // Two keys that begin with 1 and 2 and are 0 from there: the first byte comes to 3.
        var expression = $"(chain (xor-key \"{"01".PadRight(2048, '0')}\") (xor-key \"{"02".PadRight(1990, '0')}\"))";
        var answer = $"ok {expression}".PadRight(4096);
        Assert.Equal(4096, answer.Length);

        await way.FirstAsync(answer + "\n");

        Assert.Equal(1, way.Sidecar.KeptOracleConnections);
        var shown = (await way.Sidecar.RecordAsync()).Text("transform")!;
        Assert.InRange(shown.Length, 900, 1024);
        Assert.StartsWith(expression[..900], shown, StringComparison.Ordinal);
        Assert.EndsWith("…)", shown, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Answer_InAnyForm_IsShownInTheCanonicalOne(string transport)
    {
        await using var way = await KeptWay.OpenAsync(transport);
        await way.FirstAsync("ok (chain (xor 0x01)  (inverse (xor 2))) ; both come to 3\n");

        Assert.Equal("(chain (xor 1) (xor 2))", (await way.Sidecar.RecordAsync()).Text("transform"));
    }
}
