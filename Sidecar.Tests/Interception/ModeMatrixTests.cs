using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Testing;
using Testing.Peers;
using Xunit;

namespace Sidecar.Tests.Interception;

/// <summary>Each cell of the matrix in docs/modes.md, with real rules.</summary>
[Collection(ModePodsShared.Name)]
public sealed class ModeMatrixTests
{
    private const string Question = "boring\n";

    // Longer than peek-timeout, shorter than the limit of a greeting.
    private static readonly TimeSpan Silence = TimeSpan.FromMilliseconds(400);

    private readonly ModePods _pods;

    public ModeMatrixTests(ModePods pods)
    {
        RootTools.Require();
        _pods = pods;
    }

    /// <summary>Client, mode, talk, IPv6, and the documented result.</summary>
    public static TheoryData<string, string, string, bool, string> Cells
    {
        get
        {
            var rows = File.ReadAllLines(Path.Combine(Repository.Root, "docs", "modes.md")).Where(line => line.StartsWith("| ", StringComparison.Ordinal))
                .Select(line => line.Trim('|', ' ').Split('|', StringSplitOptions.TrimEntries)).Where(cells => cells.Length == 7).ToList();
            var cells = new TheoryData<string, string, string, bool, string>();
            foreach (var row in rows.Skip(1))
            {
                for (var i = 2; i < row.Length; i++)
                {
                    cells.Add(row[0], row[1], rows[0][i], false, row[i]);
                    cells.Add(row[0], row[1], rows[0][i], true, row[i]);
                }
            }

            return cells;
        }
    }

    [Fact]
    public void Matrix_HasAllCells() => Assert.Equal(2 * 3 * 5 * 2, Cells.Count);

    [Theory]
    [MemberData(nameof(Cells))]
    public async Task Client_HasTheDocumentedResult(string client, string mode, string talk, bool six, string result)
    {
        var port = ModePods.PortOf(mode);
        foreach (var pod in new[] { _pods.Client, _pods.Server })
            pod.ForgetRecords();
        using var certificate = TestCertificate.Create();
        await using var server = new PodServer(_pods.Server.Space.Listen(port), (socket, stop) => ServeAsync(socket, talk, certificate, stop));
        // The rules redirect nothing of the sidecar's own user.
        var hasSidecar = client == "with sidecar";
        using var socket = await _pods.Client.ConnectAsync(six ? _pods.Server.V6 : _pods.Server.V4, port, hasSidecar ? Pod.AppUser : Pod.SidecarUser);

        string? answer;
        try
        {
            answer = await TalkAsync(socket, talk, certificate);
        }
        catch (Exception error) when (error is IOException or SocketException && result != "passes")
        {
            answer = null;
        }

        var record = await (hasSidecar ? _pods.Client.RecordAsync("out", _ => true) : _pods.Server.RecordAsync("in", _ => true));
        Assert.Equal(result == "passes" ? (Question, "completed") : (null, result), (answer, record.Reason));
        if (!hasSidecar && result == "passes")
            Assert.Equal((talk is "server speaks first" or "silent at first") && mode == "permissive" ? "silent" : "plain", record.Text("session"));
        if (hasSidecar && result == "passes")
            Assert.Equal(("greeted", "not"), (record.Text("session"), record.Text("transform")));
    }

    // Null if the connection ended without an answer.
    private static async Task<string?> TalkAsync(Socket socket, string talk, X509Certificate2 certificate)
    {
        if (talk == "server speaks first" && await socket.ReadLineAsync() != "220 ready")
            return null;
        if (talk == "silent at first")
            await Task.Delay(Silence, TestContext.Current.CancellationToken);
        if (talk == "TLS of the application")
        {
            await using var tls = new SslStream(new NetworkStream(socket, ownsSocket: false), leaveInnerStreamOpen: false, (_, seen, _, _) => seen!.GetCertHashString() == certificate.GetCertHashString());
            await tls.AuthenticateAsClientAsync("test").WaitAsync(SocketTalk.Limit);
            await tls.WriteAsync(Encoding.ASCII.GetBytes(Question), TestContext.Current.CancellationToken);
            using var reader = new StreamReader(tls);
            var line = await reader.ReadLineAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(SocketTalk.Limit);
            await tls.ShutdownAsync();
            socket.Finish();
            return line is null ? null : line + "\n";
        }

        if (talk == "one byte at a time")
        {
            foreach (var c in Question)
            {
                await socket.SendAsync(c.ToString());
                await Task.Delay(5, TestContext.Current.CancellationToken);
            }
        }
        else
        {
            await socket.SendAsync(Question);
        }

        var answer = await socket.ReadLineAsync();
        socket.Finish();
        return await socket.ReadUntilClosedAsync() == "" && answer != "" ? answer + "\n" : null;
    }

    private static async Task ServeAsync(Socket socket, string talk, X509Certificate2 certificate, CancellationToken stop)
    {
        if (talk == "TLS of the application")
        {
            try
            {
                await using var tls = new SslStream(new NetworkStream(socket, ownsSocket: false));
                await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = certificate }, stop);
                await tls.WriteAsync(await ReadAsync(tls, stop), stop);
                await tls.ShutdownAsync();
            }
            catch (Exception error) when (error is IOException or AuthenticationException)
            {
                // A greeting is no TLS.
            }

            socket.Finish();
            // What is unread at the close would be a reset.
            while (await socket.ReceiveAsync(new byte[100], stop) > 0)
            {
            }

            return;
        }

        if (talk == "server speaks first")
            await PodServer.SendAsync(socket, "220 ready\n", stop);
        await using var stream = new NetworkStream(socket, ownsSocket: false);
        await stream.WriteAsync(await ReadAsync(stream, stop), stop);
        socket.Finish();
    }

    // A line.
    private static async Task<byte[]> ReadAsync(Stream stream, CancellationToken stop)
    {
        var line = new List<byte>();
        var next = new byte[1];
        while ((line.Count == 0 || line[^1] != '\n') && await stream.ReadAsync(next, stop) == 1)
            line.Add(next[0]);
        return [.. line];
    }
}
