using System.Net;
using System.Net.Sockets;
using Chassis.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging.Abstractions;
using Oracle.Protocol;
using Sidecar.Authorization;
using Sidecar.Authorization.Pools;
using Sidecar.Connections;
using Sidecar.Resolution;
using Sidecar.Tests.Support;
using Sidecar.Transport;
using Sidecar.Upstream;
using Testing;
using Xunit;

namespace Sidecar.Tests.Authorization;

public sealed class OracleClientTests
{
    private readonly ManualTimeProvider _time = new();

    [Theory]
    [InlineData(OracleDialect.V1)]
    [InlineData(OracleDialect.V1x)]
    public async Task Ask_AnOracleWhoseNameIsFoundSlowly_LeavesTheRestOfTheLimitForConnecting(OracleDialect dialect)
    {
        var options = Stage.Options() with { ConnectAttempts = 1 };
        var slow = options.Timeouts.Handshake - TimeSpan.FromSeconds(0.5);
        var dialer = new NotingDialer();
        var resolver = new Resolver(_time, _ =>
        {
            _time.Advance(slow);
            return [IPAddress.Loopback];
        }, NullLogger<Resolver>.Instance);
        var client = new OracleClient(
            options, resolver, new UpstreamConnector(dialer, new AttemptPlaces(), new UpstreamTable(_time), options, _time), new OraclePools(options, _time),
            new OracleReach(resolver, _time, NullLogger<OracleReach>.Instance), Stage.Metrics(_time), _time);

        var decision = await client.AskAsync(new DefaultConnectionContext(), new HostPort("oracle.test", 9100), Question(dialect));

        Assert.Equal(RelayEndReason.OracleUnreachable, decision.Refusal);
        Assert.Equal(TimeSpan.FromSeconds(0.5), dialer.Timeout);
    }

    private static OracleQuestion Question(OracleDialect dialect)
    {
        Assert.True(OracleQuestion.TryParse(dialect == OracleDialect.V1 ? "hello p2 an-id 127.0.0.1 1" : "ask p2 an-id web - 0 127.0.0.1 1", out var question));
        return question;
    }

    private sealed class NotingDialer : IDialer
    {
        public TimeSpan Timeout { get; private set; }

        public ValueTask<DialOutcome> DialAsync(ConnectionContext downstream, IPEndPoint address, IPAddress? source, TimeSpan timeout, CancellationToken cancel = default)
        {
            Timeout = timeout;
            return new(new DialOutcome(null, SocketError.ConnectionRefused, "refused"));
        }
    }
}
