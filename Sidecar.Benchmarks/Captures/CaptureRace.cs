using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Demo.Programs;
using Processes;
using Sidecar.Benchmarks.Load;
using Sidecar.Benchmarks.Machine;

namespace Sidecar.Benchmarks.Captures;

/// <summary>What a program has used.</summary>
/// <param name="Program">Its row.</param>
/// <param name="Cpu">Its own processor time in seconds.</param>
/// <param name="Machine">Processor time of all processes and the kernel, in seconds.</param>
/// <param name="Seconds">The time that it took.</param>
/// <param name="Resident">The most memory that it had resident, in bytes.</param>
internal sealed record CaptureUse(string Program, double Cpu, double Machine, double Seconds, long Resident);

/// <summary>Runs capturing programs in turn beside one load, and then on one file.</summary>
/// <param name="built">The repository's programs.</param>
/// <param name="programs">The programs of others.</param>
/// <param name="folder">A temporary folder.</param>
/// <param name="progress">Gets a line for each run.</param>
internal sealed class CaptureRace(BuiltPrograms built, DebianPrograms programs, string folder, TextWriter progress) : IAsyncDisposable
{
    /// <summary>Nothing captures.</summary>
    public const string Nobody = "nothing";

    /// <summary>Requests a second of the load.</summary>
    public const int Rate = 10_000;

    /// <summary>Connections of the load.</summary>
    public const int Connections = 20;

    // Free on loopback, and none that another program of this repository uses.
    private const int Port = 18_099;

    // The discard port (RFC 863).
    private const int MarkerPort = 9;
    private const int MarkerBytes = 16;

    private static readonly TimeSpan ReadyLimit = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan FileLimit = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50);

    private ManagedProcess? _nginx;

    /// <summary>Starts the server.</summary>
    public async Task StartAsync(CancellationToken cancellation)
    {
        var config = Path.Combine(folder, "nginx.conf");
        await File.WriteAllTextAsync(config, $$"""
            daemon off;
            user root;
            pid {{folder}}/nginx.pid;
            error_log stderr;
            worker_processes 1;
            events { worker_connections 1024; }
            http {
              access_log off;
              keepalive_requests 1000000000;
              server { listen 127.0.0.1:{{Port}}; location / { return 200 "{{new string('x', 1024)}}"; } }
            }
            """, cancellation);
        _nginx = ManagedProcess.Start(new ProcessCommand("nginx", programs.Nginx, "-p", folder, "-e", "stderr", "-c", config).EndingWithParent());
        await _nginx.WaitUntilReadyAsync(cancel => Candidates.Workshop.AcceptsAsync(Port, cancel), ReadyLimit, cancellation);
    }

    /// <summary>All programs in turn, and none, beside the load.</summary>
    public async Task<IReadOnlyList<CaptureUse>> LiveAsync(int seconds, CancellationToken cancellation)
    {
        var uses = new List<CaptureUse>();
        foreach (var program in CaptureProgram.Live(built, folder, Port).Prepend(new CaptureProgram(Nobody, [], "")))
        {
            await using var process = program.Words.Count == 0 ? null : Start(program);
            if (process is not null)
                await process.WaitUntilReadyAsync(_ => Task.FromResult(process.StandardError.Lines.Any(line => line.Contains(program.Ready, StringComparison.Ordinal))), ReadyLimit, cancellation);
            await LoadAsync(Rate, 1, cancellation);
            var (own, machine) = (CpuOf(process), MachineTimes.Read());
            var clock = Stopwatch.StartNew();
            await LoadAsync(Rate * seconds, seconds, cancellation);
            var use = new CaptureUse(program.Name, CpuOf(process) - own, MachineTimes.Read() - machine, clock.Elapsed.TotalSeconds, process is null ? 0 : ProcFile.Family(process.Id).Sum(ProcessMemory.Of));
            await progress.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{use.Program}: {1e6 * use.Cpu / (Rate * seconds):F2} us of its own for an exchange"));
            uses.Add(use);
            if (process is not null)
                await process.StopAsync(ReadyLimit);
        }

        return uses;
    }

    /// <summary>Captures exchanges.</summary>
    /// <param name="exchanges">How many.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>The file and the number of its packets.</returns>
    public async Task<(string File, long Packets)> CaptureAsync(int exchanges, CancellationToken cancellation)
    {
        var file = Path.Combine(folder, "exchanges.pcap");
        await using var tcpdump = ManagedProcess.Start(new ProcessCommand("tcpdump", "tcpdump", "-i", "lo", "-n", "-U", "-B", "262144", "-Z", "root", "-w", file, $"tcp port {Port} or udp port {MarkerPort}").EndingWithParent());
        await tcpdump.WaitUntilReadyAsync(_ => Task.FromResult(tcpdump.StandardError.Lines.Any(line => line.Contains("listening on", StringComparison.Ordinal))), ReadyLimit, cancellation);
        await RunLoadAsync(["-n", $"{exchanges}", "-c", $"{Connections}"], seconds: 60, cancellation);
        // tcpdump stops at once, without the packets that it has not read: so it gets one that comes last.
        var marker = RandomNumberGenerator.GetBytes(MarkerBytes);
        using (var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp))
            await socket.SendToAsync(marker, new IPEndPoint(IPAddress.Loopback, MarkerPort), cancellation);
        await tcpdump.WaitUntilReadyAsync(_ => Task.FromResult(EndsWith(file, marker)), ReadyLimit, cancellation);
        await tcpdump.StopAsync(ReadyLimit);
        if (CountOf("packets dropped by kernel") is not 0 and var dropped)
            throw new MeasureException($"tcpdump has lost {dropped} packets");
        return (file, CountOf("packets captured"));

        long CountOf(string what) => long.Parse(tcpdump.StandardError.Lines.First(line => line.Contains(what, StringComparison.Ordinal)).Split(' ')[0], CultureInfo.InvariantCulture);
    }

    /// <summary>All programs in turn on a file.</summary>
    public async Task<IReadOnlyList<CaptureUse>> OfFileAsync(string file, CancellationToken cancellation)
    {
        var uses = new List<CaptureUse>();
        foreach (var program in CaptureProgram.OfFile(built, folder, file, Port))
        {
            await using var process = Start(program);
            var clock = Stopwatch.StartNew();
            var (cpu, resident) = (0.0, 0L);
            while (!process.Exited.IsCompleted)
            {
                if (clock.Elapsed > FileLimit)
                    throw new MeasureException($"{program.Name} did not end within {FileLimit.TotalMinutes} min");
                try
                {
                    (cpu, resident) = (CpuOf(process), Math.Max(resident, ProcessMemory.Of(process.Id)));
                }
                catch (Exception error) when (error is MeasureException or FormatException)
                {
                    // It has ended meanwhile.
                }

                await Task.WhenAny(process.Exited, Task.Delay(Look, cancellation));
            }

            if (await process.Exited is not 0 and var code)
                throw new MeasureException($"{program.Name} {ManagedProcess.DescribeEnd(code)}: {(process.StandardError.Lines is [.., var last] ? last : "")}");
            await progress.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{program.Name}: {clock.Elapsed.TotalSeconds:F1} s for the file"));
            uses.Add(new CaptureUse(program.Name, cpu, 0, clock.Elapsed.TotalSeconds, resident));
        }

        return uses;
    }

    public async ValueTask DisposeAsync()
    {
        if (_nginx is not null)
            await _nginx.DisposeAsync();
    }

    // Nobody answers the marker but with a message about the closed port, which is neither TCP nor UDP.
    private static bool EndsWith(string file, ReadOnlySpan<byte> marker)
    {
        using var stream = File.OpenRead(file);
        stream.Seek(-Math.Min(stream.Length, marker.Length), SeekOrigin.End);
        Span<byte> end = stackalloc byte[MarkerBytes];
        return stream.ReadAtLeast(end, end.Length, throwOnEndOfStream: false) == end.Length && end.SequenceEqual(marker);
    }

    private static ManagedProcess Start(CaptureProgram program) =>
        ManagedProcess.Start(new ProcessCommand(program.Name, ["bash", "-c", "exec \"$0\" \"$@\" >/dev/null", .. program.Words]).EndingWithParent());

    private static double CpuOf(ManagedProcess? process) => process is null ? 0 : ProcFile.Family(process.Id).Sum(ProcessTimes.Of);

    private static Task LoadAsync(int exchanges, int seconds, CancellationToken cancellation) =>
        RunLoadAsync(["-n", $"{exchanges}", "-c", $"{Connections}", "--rps", $"{Rate / Connections}"], seconds, cancellation);

    private static async Task RunLoadAsync(IEnumerable<string> words, int seconds, CancellationToken cancellation)
    {
        var (code, lines, error) = await LoadProcess.RunAsync(new ProcessCommand("h2load", ["h2load", "--h1", .. words, $"http://127.0.0.1:{Port}/"]), seconds, cancellation);
        if (code != 0 || !lines.Any(line => line.Contains(" 0 failed, 0 errored, 0 timeout", StringComparison.Ordinal)))
            throw new MeasureException($"h2load: {(error.Length > 0 ? error : lines.FirstOrDefault(line => line.StartsWith("requests:", StringComparison.Ordinal)))}");
    }
}
