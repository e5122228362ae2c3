using System.Collections.Concurrent;
using Demo.Programs;
using Processes;
using Xunit;

namespace Testing;

/// <summary>A program as a real process, with all its output. If it still runs at the test's end, it and its children are killed.</summary>
public sealed class ProgramProcess : IAsyncDisposable
{
    // Records and logs in tests have long lines.
    private const int MaxLineBytes = 64 * 1024 * 1024;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private static readonly string[] NativePrograms = Environment.GetEnvironmentVariable("SIDECAR_TESTS_NATIVE")?.Split(',') ?? [];

    private readonly ManagedProcess _process;
    private readonly ConcurrentQueue<string> _output = new();
    private readonly ConcurrentQueue<string> _errors = new();

    // Even a killed test leaves no process behind.
    private ProgramProcess(ProcessCommand command) => _process = ManagedProcess.Start(
        command.EndingWithParent(), said => (said.IsError ? _errors : _output).Enqueue(said.Line), MaxLineBytes);

    /// <summary>
    /// Whether the native build of a program is tested; <c>SIDECAR_TESTS_NATIVE=Sidecar,Oracle</c> in the environment names the programs.
    /// </summary>
    public static bool IsNative(string program) => NativePrograms.Contains(program);

    /// <summary>Whether these native builds are for arm64, and run in an emulator: <c>SIDECAR_TESTS_EMULATED=arm64</c> in the environment.</summary>
    public static bool IsEmulated { get; } = Environment.GetEnvironmentVariable("SIDECAR_TESTS_EMULATED") == "arm64";

    /// <summary>Lines on stdout so far.</summary>
    public IReadOnlyList<string> Output => [.. _output];

    /// <summary>Lines on stderr so far.</summary>
    public IReadOnlyList<string> Errors => [.. _errors];

    /// <summary>The process id.</summary>
    public int Id => _process.Id;

    /// <summary>Starts <c>dotnet program.dll args</c>, or the native build; the assembly is in the folder of the tests.</summary>
    public static ProgramProcess Start(string program, params IEnumerable<string> args) => StartBy([], program, args);

    /// <summary>Starts a program with additional environment variables.</summary>
    public static ProgramProcess Start(string program, IReadOnlyDictionary<string, string> environment, params IEnumerable<string> args) =>
        new(CommandOf([], program, args) with { Environment = environment });

    /// <summary>Starts a program by another one that then becomes it, such as <c>ip netns exec NAME</c>.</summary>
    public static ProgramProcess StartBy(IEnumerable<string> launcher, string program, params IEnumerable<string> args) => new(CommandOf(launcher, program, args));

    /// <summary>Starts a command that is not one of the programs.</summary>
    public static ProgramProcess StartCommand(params IReadOnlyList<string> words) => new(new ProcessCommand(words[0], words));

    /// <summary>Runs a program until it ends.</summary>
    public static async Task<(int Code, IReadOnlyList<string> Output, IReadOnlyList<string> Errors)> RunAsync(string program, params IEnumerable<string> args)
    {
        await using var process = Start(program, args);
        return (await process.ExitCodeAsync(), process.Output, process.Errors);
    }

    /// <summary>Waits for a line of stderr that contains a text.</summary>
    public async Task<string> ErrorLineAsync(string part)
    {
        string? found = null;
        await Eventually.TrueAsync(() =>
        {
            // Asked before the look at the lines: when the program has ended, its last line is there.
            var hasEnded = _process.Exited.IsCompleted;
            return (found = _errors.FirstOrDefault(line => line.Contains(part, StringComparison.Ordinal))) is not null || hasEnded;
        }, $"'{part}' on stderr");
        return found ?? throw new InvalidOperationException($"the program ended without '{part}':\n{string.Join('\n', _errors)}");
    }

    /// <summary>Sends a signal.</summary>
    public void Signal(ProcessSignal signal) => _process.Signal(signal);

    /// <summary>Whether it has ended.</summary>
    public bool HasEnded => _process.Exited.IsCompleted;

    /// <summary>Waits until the program has ended and its output is read.</summary>
    /// <param name="limit">The limit of the wait; default 30 s.</param>
    public Task<int> ExitCodeAsync(TimeSpan? limit = null) => _process.Exited.WaitAsync(limit ?? Limit, TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _process.KillAsync();
        await _process.DisposeAsync();
    }

    /// <summary>The command that starts a program, by a launcher that then becomes it.</summary>
    public static ProcessCommand CommandOf(IEnumerable<string> launcher, string program, IEnumerable<string> args) => new(program,
        [.. launcher, .. IsNative(program) ? Native(program) : ["dotnet", Path.Combine(AppContext.BaseDirectory, program + ".dll")], .. args]);

    private static IEnumerable<string> Native(string program)
    {
        var built = BuiltPrograms.Locate() with { IsNative = true };
        // Debian's qemu-user, with the C library of libc6-arm64-cross.
        return IsEmulated ? ["qemu-aarch64", "-L", "/usr/aarch64-linux-gnu", .. (built with { Runtime = "linux-arm64" }).Run(program)] : built.Run(program);
    }
}
