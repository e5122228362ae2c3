using Processes;
using Testing;
using Xunit;

namespace Sidecar.Tests.Interception;

/// <summary>A real database behind both sidecars; neither it nor its client is told of them.</summary>
[Collection(PodPairs.Name)]
public sealed class PostgresTests
{
    // Where Debian puts the programs of a version.
    private const string Versions = "/usr/lib/postgresql";
    private readonly PodPair _pods;

    public PostgresTests(PodPair pods)
    {
        RootTools.Require("psql");
        Assert.SkipUnless(Directory.Exists(Versions), "needs postgresql");
        _pods = pods;
        _pods.ForgetRecords();
    }

    [Fact]
    public async Task Query_OfAnotherPod_IsAnswered()
    {
        using var folder = new TempFolder();
        var (programs, data) = ($"{Directory.GetDirectories(Versions).Order().Last()}/bin", folder.File("data"));
        await _pods.Server.Space.RunAsync($"""
            chown postgres {folder.Root}
            exec setpriv --reuid=postgres --regid=postgres --init-groups {programs}/initdb -D {data} -A trust -N --locale=C >{folder.File("initdb")}
            """);
        // The server sees the address of p2's connections, and only that one is let in.
        await File.WriteAllTextAsync(Path.Combine(data, "pg_hba.conf"), "host all all 127.0.0.6/32 trust\n", TestContext.Current.CancellationToken);
        await using var server = _pods.Server.Space.StartCommand(
            "setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups",
            $"{programs}/postgres", "-D", data, "-k", folder.Root, "-c", "listen_addresses=*", "-c", "fsync=off");
        await server.ErrorLineAsync("ready to accept connections");

        var answer = await _pods.Client.Space.RunAsync(
            $"exec setpriv --reuid={Pod.AppUser} --regid={Pod.AppUser} --clear-groups env HOME=/ timeout 30 psql -X -At -h {_pods.Server.V4} -U postgres "
            + "-c \"select host(inet_client_addr()), encode(sha256(repeat('sidecar', 1000000)::bytea), 'hex')\" -c \"select repeat('x', 3000000)\"");

        var lines = answer.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(["127.0.0.6|" + Sha256(1_000_000), new string('x', 3_000_000)], lines);
        var record = await _pods.Server.RecordAsync("in", r => r.Text("upstream") == "10.77.0.2:5432");
        Assert.Equal("completed", record.Reason);
        // Fast shutdown, so that no process of its own outlives it.
        server.Signal(ProcessSignal.Interrupt);
        Assert.Equal(0, await server.ExitCodeAsync());
    }

    private static string Sha256(int times) => Convert.ToHexStringLower(
        System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("sidecar", times)))));
}
