using System.Net.Sockets;
using Testing.Peers;
using Xunit;

namespace Sidecar.Tests.Authorization.Pools;

/// <summary>Connections to the Oracle that carry one question after another, and those that must not.</summary>
public sealed class KeptConnectionTests
{
    public static TheoryData<string> Transports => ["epoll", "sockets"];

    public static TheoryData<string, string> TransportsAndEnds => new()
    {
        { "epoll", "close" }, { "epoll", "reset" }, { "sockets", "close" }, { "sockets", "reset" },
    };

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Questions_OneAfterAnother_ComeOnOneConnection(string transport)
    {
        await using var way = await KeptWay.OpenAsync(transport);
        var asked = await way.FirstAsync();
        for (byte key = 10; key < 20; key++)
            await way.GrantAsync(asked, $"ok (xor {key})\n", key);

        Assert.True(await way.Oracle.IsUntouchedAsync());
        Assert.Equal(1, way.Sidecar.KeptOracleConnections);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Denial_LeavesTheConnectionForTheNextQuestion(string transport)
    {
        await using var way = await KeptWay.OpenAsync(transport);
        var asked = await way.FirstAsync();
        using var client = await way.ConnectAsync();
        await asked.ReadLineAsync();
        await asked.SendAsync("deny\n");
        await way.IsRefusedAsync(client, "oracle_denied");

        await way.GrantAsync(asked);
        Assert.True(await way.Oracle.IsUntouchedAsync());
    }

    [Theory]
    [MemberData(nameof(TransportsAndEnds))]
    public async Task IdleConnection_ThatTheOracleEnds_IsNotUsedAgain(string transport, string end)
    {
        await using var way = await KeptWay.OpenAsync(transport);
        End(await way.FirstAsync(), end);

        await way.FirstAsync();

        Assert.Equal(1, way.Sidecar.KeptOracleConnections);
        Assert.All(way.Sidecar.Records, record => Assert.Equal("completed", record.Reason));
    }

    [Theory]
    [MemberData(nameof(TransportsAndEnds))]
    public async Task KeptConnection_ThatEndsInsteadOfAnAnswer_HasTheQuestionAskedOnceMoreOnAFreshOne(string transport, string end)
    {
        await using var way = await KeptWay.OpenAsync(transport);
        var asked = await way.FirstAsync();
        using var client = await way.ConnectAsync();
        var question = await asked.ReadLineAsync();
        End(asked, end);

        var again = await way.Oracle.AcceptAsync();
        Assert.Equal(question, await again.ReadLineAsync());
        await again.SendAsync("ok (xor 5)\n");

        await way.RelaysAsync(client, 5);
        Assert.True(await way.Oracle.IsUntouchedAsync());
    }

    [Theory]
    [MemberData(nameof(TransportsAndEnds))]
    public async Task FreshConnection_ThatEndsInsteadOfAnAnswer_IsADenialAtOnce(string transport, string end)
    {
        await using var way = await KeptWay.OpenAsync(transport);
        var asked = await way.FirstAsync();
        using var client = await way.ConnectAsync();
        await asked.ReadLineAsync();
        End(asked, end);
        var again = await way.Oracle.AcceptAsync();
        await again.ReadLineAsync();
        End(again, end);

        await way.IsRefusedAsync(client, "oracle_denied");
        Assert.True(await way.Oracle.IsUntouchedAsync());
        Assert.Equal(0, way.Sidecar.KeptOracleConnections);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task KeptConnection_ThatEndsInTheMiddleOfAnAnswer_IsADenial(string transport)
    {
        await using var way = await KeptWay.OpenAsync(transport);
        var asked = await way.FirstAsync();
        using var client = await way.ConnectAsync();
        await asked.ReadLineAsync();
        await asked.SendAsync("ok (xor");
        asked.Finish();

        await way.IsRefusedAsync(client, "oracle_denied");
        Assert.True(await way.Oracle.IsUntouchedAsync());
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Answer_ThatComesTooLate_IsNobodys(string transport)
    {
        await using var way = await KeptWay.OpenAsync(transport, "--handshake-timeout", "2s");
        var asked = await way.FirstAsync();
        using var client = await way.ConnectAsync();
        await asked.ReadLineAsync();
        await way.IsRefusedAsync(client, "oracle_timeout");

        // The sidecar has reset it, of which the kernel may tell here already.
        var late = await Record.ExceptionAsync(() => asked.SendAsync("ok (xor 9)\n"));
        Assert.True(late is null or SocketException, $"{late}");
        Assert.Equal(0, way.Sidecar.KeptOracleConnections);
        await way.FirstAsync();
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Bytes_BehindTheAnswer_EndTheConnection(string transport)
    {
        await using var way = await KeptWay.OpenAsync(transport);

        var asked = await way.FirstAsync("ok (xor 3)\nok (xor 9)\n");

        Assert.Equal("", await asked.ReadUntilClosedAsync());
        Assert.Equal(0, way.Sidecar.KeptOracleConnections);
        await way.FirstAsync();
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Bytes_BetweenQuestions_EndTheConnection(string transport)
    {
        await using var way = await KeptWay.OpenAsync(transport);
        var asked = await way.FirstAsync();
        await asked.SendAsync("ok (xor 9)\n");

        await way.FirstAsync();

        Assert.Equal("", await asked.ReadUntilClosedAsync());
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Drain_ClosesWhatIsKept(string transport)
    {
        await using var way = await KeptWay.OpenAsync(transport);
        var asked = await way.FirstAsync();
        Assert.Equal(1, way.Sidecar.KeptOracleConnections);

        await way.Sidecar.StopAsync();

        Assert.Empty(await asked.ReadToEndAsync());
        Assert.Equal(0, way.Sidecar.KeptOracleConnections);
        await way.Sidecar.NoSocketIsOpenAsync();
    }

    private static void End(Socket socket, string how)
    {
        if (how == "close")
            socket.Finish();
        else
            socket.Reset();
    }
}
