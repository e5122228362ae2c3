using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Oracle.Decisions;
using Oracle.Protocol;
using Oracle.Telemetry;
using Xunit;

namespace Sidecar.Tests.Oracle;

public sealed class AuditLogTests
{
    [Fact]
    public async Task WriteAsync_Off_CostsNothing()
    {
        await using var log = new AuditLog(AuditLog.Off, "--audit-log", NullLogger<AuditLog>.Instance);
        Assert.True(OracleQuestion.TryParse("ask p1 a in h 80 10.0.0.1 5", out var question));
        var (decision, asker) = (Decision.Unheard(DenialReason.Malformed), new IPEndPoint(IPAddress.Loopback, 1));

        Assert.True(await log.WriteAsync(question, decision, asker, DateTimeOffset.UnixEpoch));
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
            await log.WriteAsync(question, decision, asker, DateTimeOffset.UnixEpoch);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }
}
