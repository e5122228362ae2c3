using ByteFilters;
using Demo.Verification;
using Oracle.Protocol;
using Processes;
using Xunit;

namespace Workload.Tests.Demo;

public sealed class OracleAuditTests
{
    private readonly OracleAudit _audit = new();

    [Fact]
    public async Task Find_OnceBothSidesWereTold_GivesTheTransform()
    {
        Take("""{"time":"2026-01-01T00:00:00.000Z","conn_id":"abc","role":"inbound","answer":"ok xor 42"}""");
        var finding = FindAsync("abc");
        Assert.False(finding.IsCompleted);

        Take("""{"conn_id":"abc","role":"outbound","answer":"ok xor 42"}""");

        Assert.Equal(TransformExpression.Xor(42), await finding);
    }

    [Fact]
    public async Task Find_WhenTheSidesWereToldDifferently_GivesNone()
    {
        Take("""{"conn_id":"abc","role":"outbound","answer":"ok xor 42"}""");
        Take("""{"conn_id":"abc","role":"inbound","answer":"ok not"}""");

        Assert.Null(await FindAsync("abc"));
    }

    [Fact]
    public async Task Find_WhenBothWereDenied_GivesNone()
    {
        Take("""{"conn_id":"abc","role":"outbound","answer":"deny"}""");
        Take("""{"conn_id":"abc","role":"inbound","answer":"deny"}""");

        Assert.Null(await FindAsync("abc"));
    }

    [Fact]
    public async Task Take_OfOtherLines_PassesThemOver()
    {
        Take("{half a record");
        Take("""{"conn_id":7,"role":"outbound","answer":"ok not"}""");
        Take("listening");
        Take("""{"conn_id":"abc","role":"outbound","answer":"ok not"}""");
        Take("""{"conn_id":"abc","role":"inbound","answer":"ok not"}""");

        Assert.Equal(TransformExpression.Not, await FindAsync("abc"));
    }

    private void Take(string line) => _audit.Take(new ProcessOutput("oracle", IsError: false, line));

    private Task<TransformExpression?> FindAsync(string id)
    {
        Assert.True(ConnectionId.TryParse(id, out var connection));
        return _audit.FindAsync(connection, TestContext.Current.CancellationToken);
    }
}
