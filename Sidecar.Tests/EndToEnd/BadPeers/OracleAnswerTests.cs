using System.Net.Sockets;
using Sidecar.Tests.Support.Peers;
using Testing.Peers;
using Xunit;

namespace Sidecar.Tests.EndToEnd.BadPeers;

/// <summary>An Oracle that is away, late, hostile or says no. Every role fails closed: no byte of the client reaches the service.</summary>
public sealed class OracleAnswerTests
{
    public static TheoryData<string, string, string> Answers
    {
        get
        {
            var data = new TheoryData<string, string, string>();
            foreach (var role in new[] { "alone", "p1", "p2" })
            {
                data.Add(role, "deny\n", "oracle_denied");
                data.Add(role, "<close>", "oracle_denied");
                data.Add(role, "ok id<close>", "oracle_denied");
                data.Add(role, "<reset>", "oracle_denied");
                data.Add(role, "ok\n", "protocol_error");
                data.Add(role, "ok xor 256\n", "protocol_error");
                data.Add(role, "ok aes\n", "protocol_error");
                data.Add(role, "nonsense\n", "protocol_error");
                data.Add(role, "\0\u0001\u00fe\n", "protocol_error");
                data.Add(role, new string('o', 515), "protocol_error");
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Answers))]
    public async Task Answer_OtherThanOk_EndsTheConnection(string role, string answer, string reason)
    {
        using var oracle = new PlayedOracle();
        await using var way = await OracleWay.OpenAsync(role, oracle.Port, "20s");
        using var asked = await oracle.AcceptAsync();
        Assert.Matches($"^hello {role} [!-~]+ 127[.]0[.]0[.]1 [0-9]+$", await asked.ReadLineAsync());

        await asked.SendAsync(answer.Replace("<close>", "", StringComparison.Ordinal).Replace("<reset>", "", StringComparison.Ordinal));
        End(asked, answer);

        await way.EndsForAsync(reason);
    }

    // They are no answers to a question for a transform.
    [Theory]
    [InlineData("alone", "plain\n")]
    [InlineData("p1", "plain\n")]
    [InlineData("p2", "plain\n")]
    [InlineData("p1", "peer\n")]
    [InlineData("p2", "peer\n")]
    public async Task Answer_OfV1xWhetherToGreet_EndsTheConnection(string role, string answer)
    {
        using var oracle = new PlayedOracle();
        await using var way = await OracleWay.OpenAsync(role, oracle.Port, "20s", "--oracle-dialect", "v1x");
        using var asked = await oracle.AcceptAsync();
        Assert.Matches($"^ask {role} [!-~]+ .* 127[.]0[.]0[.]1 [0-9]+$", await asked.ReadLineAsync());

        await asked.SendAsync(answer);

        await way.EndsForAsync("protocol_error");
    }

    [Theory]
    [InlineData("alone", "")]
    [InlineData("p1", "")]
    [InlineData("p2", "")]
    [InlineData("alone", "ok id")]
    [InlineData("p1", "ok xor 1")]
    [InlineData("p2", "ok not")]
    public async Task Answer_NeverWhole_EndsAtTheHandshakeLimit(string role, string answer)
    {
        using var oracle = new PlayedOracle();
        await using var way = await OracleWay.OpenAsync(role, oracle.Port, OracleWay.LongHandshake);
        using var asked = await oracle.AcceptAsync();

        await asked.SendAsync(answer);

        var record = await way.EndsForAsync("oracle_timeout");
        Assert.True(record.DurationMs >= OracleWay.LeastLongMs, $"{record}");
    }

    [Theory]
    [InlineData("alone")]
    [InlineData("p1")]
    [InlineData("p2")]
    public async Task Oracle_ThatIsDown_IsUnreachable(string role)
    {
        using var oracle = new RefusingPort();
        await using var way = await OracleWay.OpenAsync(role, oracle.Port, "20s");

        await way.EndsForAsync("oracle_unreachable");
    }

    [Theory]
    [InlineData("alone")]
    [InlineData("p1")]
    [InlineData("p2")]
    public async Task Oracle_ThatDoesNotAccept_EndsAtTheHandshakeLimit(string role)
    {
        await using var oracle = await HangingPort.OpenAsync();
        await using var way = await OracleWay.OpenAsync(role, oracle.Port, OracleWay.LongHandshake);

        var record = await way.Sidecar.RecordAsync();
        await oracle.DisposeAsync();

        Assert.True(record.DurationMs >= OracleWay.LeastLongMs, $"{record}");
        await way.EndsForAsync("oracle_timeout");
    }

    [Theory]
    [InlineData("alone")]
    [InlineData("p1")]
    [InlineData("p2")]
    public async Task Answer_ByteByByte_IsTaken(string role)
    {
        using var oracle = new PlayedOracle();
        await using var way = await OracleWay.OpenAsync(role, oracle.Port, "20s");
        using var asked = await oracle.AcceptAsync();

        foreach (var character in "ok xor 3\r\n")
            await asked.SendAsync($"{character}");

        await way.Client.SendAsync("a");
        using var service = await way.UpstreamAsync();
        Assert.Equal("b", await service.ReadTextAsync(1));
    }

    private static void End(Socket socket, string answer)
    {
        if (answer.EndsWith("<close>", StringComparison.Ordinal))
            socket.Finish();
        else if (answer.EndsWith("<reset>", StringComparison.Ordinal))
            socket.Reset();
    }
}
