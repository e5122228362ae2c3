using Demo.Programs;

namespace Sidecar.Benchmarks.Captures;

/// <summary>A program that captures or reads packets.</summary>
/// <param name="Name">Its row.</param>
/// <param name="Words">Its command line; its stdout goes nowhere.</param>
/// <param name="Ready">A part of the line on stderr that says that it captures; empty for a program that reads a file.</param>
internal sealed record CaptureProgram(string Name, IReadOnlyList<string> Words, string Ready)
{
    private static readonly string[] Sources = ["ebpf", "packet"];
    private static readonly string[] TsharkFields = ["-e", "http.request.method", "-e", "http.request.uri", "-e", "http.response.code"];

    /// <summary>Those that capture as packets pass.</summary>
    public static IReadOnlyList<CaptureProgram> Live(BuiltPrograms built, string folder, int port) =>
    [
        .. Sidecars(built).SelectMany(sidecar => Sources.Select(source => new CaptureProgram(
            $"{sidecar.Name}, {source}", [.. sidecar.Words, "--capture", source, "--capture-ports", $"{port}", .. RecordsTo(folder)], "Capturing from"))),
        new("tcpdump, to /dev/null", ["tcpdump", "-i", "lo", "-n", "-Z", "root", "-w", "/dev/null", "tcp", "port", $"{port}"], "listening on"),
        new("tshark, HTTP", ["tshark", "-i", "lo", "-n", "-l", "-f", $"tcp port {port}", "-d", $"tcp.port=={port},http", .. Shown], "Capturing on"),
    ];

    /// <summary>Those that read a file.</summary>
    public static IReadOnlyList<CaptureProgram> OfFile(BuiltPrograms built, string folder, string file, int port) =>
    [
        .. Sidecars(built).Select(sidecar => new CaptureProgram(sidecar.Name, [.. sidecar.Words, "--capture", file, .. RecordsTo(folder)], "")),
        new("tshark, HTTP", ["tshark", "-r", file, "-n", "-d", $"tcp.port=={port},http", .. Shown], ""),
    ];

    private static IEnumerable<string> Shown => ["-Y", "http", "-T", "fields", .. TsharkFields];

    private static IEnumerable<(string Name, IEnumerable<string> Words)> Sidecars(BuiltPrograms built) =>
    [
        ("Sidecar observe", [.. built.Run("Sidecar"), "observe"]),
        .. (built with { IsNative = true }).Has("Sidecar")
            ? [("Sidecar observe, native build", [.. (built with { IsNative = true }).Run("Sidecar"), "observe"])]
            : Array.Empty<(string, IEnumerable<string>)>(),
    ];

    private static IEnumerable<string> RecordsTo(string folder) =>
    [
        "--records", Path.Combine(folder, "records"), "--records-connection-rate", "off", "--records-client-rate", "off",
        "--admin-address", "off", "--metrics-address", "127.0.0.1:0", "--health-address", "127.0.0.1:0",
    ];
}
