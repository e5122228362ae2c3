using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Processes;
using Testing;
using Xunit;

namespace Sidecar.Tests.EndToEnd.Observation;

/// <summary>tcpdump at loopback, and tshark to read what it has captured.</summary>
internal sealed class LoopbackCapture : IAsyncDisposable
{
    // The discard port (RFC 863): nobody answers there.
    private const int MarkerPort = 9;

    private readonly TempFolder _folder = new();
    private readonly ProgramProcess _tcpdump;
    private readonly int _port;

    private LoopbackCapture(int port) => (_port, _tcpdump) = (port, ProgramProcess.StartCommand(
        "tcpdump", "-i", "lo", "-n", "-U", "-B", "65536", "-Z", "root", "-w", File, $"tcp port {port} or udp port {MarkerPort}"));

    private string File => _folder.File("capture");

    /// <summary>Starts it for a TCP port and waits until it listens; skips the test where it cannot.</summary>
    public static async Task<LoopbackCapture> StartAsync(int port)
    {
        RootTools.Require("tcpdump", "tshark");
        var capture = new LoopbackCapture(port);
        await capture._tcpdump.ErrorLineAsync("listening on");
        return capture;
    }

    /// <summary>Waits until the file has all that has crossed until now: until it has the marker that crosses last.</summary>
    public async Task CompleteAsync()
    {
        var marker = RandomNumberGenerator.GetBytes(16);
        using (var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp))
            await socket.SendToAsync(marker, new IPEndPoint(IPAddress.Loopback, MarkerPort), TestContext.Current.CancellationToken);
        await Eventually.TrueAsync(() => System.IO.File.ReadAllBytes(File).AsSpan().IndexOf(marker) >= 0);
        _tcpdump.Signal(ProcessSignal.Interrupt);
        await _tcpdump.ExitCodeAsync();
        Assert.Contains(_tcpdump.Errors, line => line.StartsWith("0 packets dropped by kernel", StringComparison.Ordinal));
    }

    /// <summary>The capture.</summary>
    public Stream Open() => System.IO.File.OpenRead(File);

    /// <summary>What tshark makes of it, the port being of a protocol.</summary>
    public Task<string> DecodeAsync(string protocol, params IEnumerable<string> words) =>
        Programs.RunAsync("tshark", "tshark", ["-n", "-r", File, "-d", $"tcp.port=={_port},{protocol}", .. words]);

    public async ValueTask DisposeAsync()
    {
        await _tcpdump.DisposeAsync();
        _folder.Dispose();
    }
}
