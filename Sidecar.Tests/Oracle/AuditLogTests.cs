using System.Net;
using ByteFilters;
using Microsoft.Extensions.Logging.Abstractions;
using Oracle.Decisions;
using Oracle.Protocol;
using Oracle.Telemetry;
using Xunit;

namespace Sidecar.Tests.Oracle;

public sealed class AuditLogTests
{
    [Fact]
    public void Of_AnAnswerWithAKey_ShowsItsFingerprint()
    {
        var key = string.Concat(Enumerable.Repeat("ab", 32));
        var transform = TransformExpression.Parse($"(keystream chacha20 \"{key}\" \"000000000000004a00000000\")");
        Assert.True(OracleQuestion.TryParse("ask p1 a in h 80 10.0.0.1 5", out var question));

        var record = AuditRecord.Of(question, Decision.Grant(transform, "rule", 1), new IPEndPoint(IPAddress.Loopback, 1), DateTimeOffset.UnixEpoch);

        Assert.Equal("ok (keystream chacha20 sha256:9a2db2e23f1504cd \"000000000000004a00000000\")", record.Answer);
        Assert.Contains(key, new OracleAnswer(transform).ToLine(OracleDialect.V1x), StringComparison.Ordinal);
    }

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
