using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Processes;

namespace Demo.Transparent.Capture;

/// <summary>tcpdump at an interface of a namespace, writing to a file that is read while it grows.</summary>
internal sealed class PacketCapture : IAsyncDisposable
{
    // The discard port (RFC 863): nobody answers there.
    private const int MarkerPort = 9;
    private const int MaxFileBytes = 512 * 1024 * 1024;

    // Kilobytes that the kernel holds for tcpdump, so that a burst loses nothing.
    private const string KernelBuffer = "65536";
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan MarkerLimit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan MarkerInterval = TimeSpan.FromMilliseconds(20);

    private readonly ManagedProcess _tcpdump;
    private readonly string _file;

    private PacketCapture(ManagedProcess tcpdump, string file) => (_tcpdump, _file) = (tcpdump, file);

    /// <summary>Starts it and waits until it listens.</summary>
    /// <param name="namespaceName">Where the interface is.</param>
    /// <param name="device">The interface.</param>
    /// <param name="ports">The TCP ports of the packets to capture.</param>
    /// <param name="file">Where to write.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="ProcessFailedException">It does not start.</exception>
    public static async Task<PacketCapture> StartAsync(string namespaceName, string device, IEnumerable<int> ports, string file, CancellationToken cancellation)
    {
        var filter = string.Join(" or ", [.. ports.Select(port => $"tcp port {port}"), $"udp port {MarkerPort}"]);
        var command = new ProcessCommand("tcpdump", "tcpdump", "-i", device, "-n", "-U", "--immediate-mode", "-B", KernelBuffer, "-Z", "root", "-w", file, filter)
            .RunBy("ip", "netns", "exec", namespaceName, "env", "--ignore-signal=INT,QUIT,HUP")
            .EndingWithParent();
        var tcpdump = ManagedProcess.Start(command);
        try
        {
            await tcpdump.WaitUntilReadyAsync(
                _ => Task.FromResult(tcpdump.StandardError.Lines.Any(line => line.Contains("listening on", StringComparison.Ordinal))), StartLimit, cancellation);
            return new PacketCapture(tcpdump, file);
        }
        catch
        {
            await tcpdump.DisposeAsync();
            throw;
        }
    }

    /// <summary>Everything that has crossed until now. A marker is sent across: once the file holds it, it holds all before it.</summary>
    /// <param name="sockets">Where the marker starts.</param>
    /// <param name="across">Where it goes, so that it passes the interface.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="ProcessFailedException">The marker does not show up.</exception>
    public async Task<IReadOnlyList<KeptFrame>> ReadAsync(NamespaceSockets sockets, IPAddress across, CancellationToken cancellation)
    {
        var marker = RandomNumberGenerator.GetBytes(16);
        using (var socket = await sockets.CreateAsync(across.AddressFamily, SocketType.Dgram, ProtocolType.Udp))
            await socket.SendToAsync(marker, new IPEndPoint(across, MarkerPort), cancellation);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        deadline.CancelAfter(MarkerLimit);
        try
        {
            while (true)
            {
                var length = new FileInfo(_file).Length;
                if (length > MaxFileBytes)
                    throw new ProcessFailedException($"the capture holds {length:N0} bytes, more than the {MaxFileBytes:N0} that are looked at");
                var frames = ReadFile();
                if (frames.Exists(frame => frame.Bytes.AsSpan().EndsWith(marker)))
                    return frames;
                await Task.Delay(MarkerInterval, deadline.Token);
            }
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw ProcessFailedException.WithOutput($"tcpdump did not record the marker within {MarkerLimit.TotalSeconds} s", _tcpdump);
        }
    }

    public ValueTask DisposeAsync() => _tcpdump.DisposeAsync();

    // Grows while it is read: what was there at the start is enough.
    private List<KeptFrame> ReadFile()
    {
        using var file = new FileStream(_file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
        return KeptFrame.ReadAll(file);
    }
}
