using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Demo.Programs;
using Xunit;

namespace Testing;

/// <summary>One of the programs as a real process, with its output line by line. Killed at the test's end if it still runs.</summary>
public sealed class ProgramProcess : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private static readonly string[] NativePrograms = Environment.GetEnvironmentVariable("SIDECAR_TESTS_NATIVE")?.Split(',') ?? [];

    private readonly Process _process;
    private readonly ConcurrentQueue<string> _output = new();
    private readonly ConcurrentQueue<string> _errors = new();

    private ProgramProcess(Process process)
    {
        _process = process;
        process.OutputDataReceived += (_, line) => Keep(_output, line.Data);
        process.ErrorDataReceived += (_, line) => Keep(_errors, line.Data);
    }

    /// <summary>Whether the native build of a program is tested: whoever runs the tests names them, as <c>SIDECAR_TESTS_NATIVE=Sidecar,Oracle</c>.</summary>
    public static bool IsNative(string program) => NativePrograms.Contains(program);

    /// <summary>Lines on stdout so far.</summary>
    public IReadOnlyList<string> Output => [.. _output];

    /// <summary>Lines on stderr so far.</summary>
    public IReadOnlyList<string> Errors => [.. _errors];

    /// <summary>The process id.</summary>
    public int Id => _process.Id;

    /// <summary>Starts <c>dotnet program.dll args</c>, or the native build; the assembly lies beside the tests.</summary>
    public static ProgramProcess Start(string program, params IEnumerable<string> args) => Start(program, new Dictionary<string, string>(), args);

    /// <summary>Starts a program with environment variables of its own.</summary>
    public static ProgramProcess Start(string program, IReadOnlyDictionary<string, string> environment, params IEnumerable<string> args) =>
        Start([], environment, program, args);

    /// <summary>Starts a program by another one that becomes it: <c>ip netns exec NAME</c>.</summary>
    public static ProgramProcess StartBy(IEnumerable<string> launcher, string program, params IEnumerable<string> args) =>
        Start(launcher, new Dictionary<string, string>(), program, args);

    /// <summary>Starts a command that is none of the programs.</summary>
    public static ProgramProcess StartCommand(params IReadOnlyList<string> words) => Start([.. words], new Dictionary<string, string>());

    /// <summary>Runs a program to its end.</summary>
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
            (found = _errors.FirstOrDefault(line => line.Contains(part, StringComparison.Ordinal))) is not null || _process.HasExited,
            $"'{part}' on stderr");
        return found ?? throw new InvalidOperationException($"the program ended without '{part}':\n{string.Join('\n', _errors)}");
    }

    /// <summary>Sends a signal by name: TERM, INT, HUP.</summary>
    public async Task SignalAsync(string name)
    {
        using var kill = Process.Start("kill", ["-" + name, _process.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>Whether it has ended.</summary>
    public bool HasEnded => _process.HasExited;

    /// <summary>Waits for the end, all output read.</summary>
    /// <param name="limit">Of the wait; default 30 s.</param>
    public async Task<int> ExitCodeAsync(TimeSpan? limit = null)
    {
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(limit ?? Limit, TestContext.Current.CancellationToken);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync(CancellationToken.None);
        }

        _process.Dispose();
    }

    private static ProgramProcess Start(
        IEnumerable<string> launcher, IReadOnlyDictionary<string, string> environment, string program, IEnumerable<string> args) =>
        Start([.. launcher, .. IsNative(program) ? (BuiltPrograms.Locate() with { IsNative = true }).Run(program) : ["dotnet", Path.Combine(AppContext.BaseDirectory, program + ".dll")], .. args], environment);

    private static ProgramProcess Start(string[] words, IReadOnlyDictionary<string, string> environment)
    {
        var start = new ProcessStartInfo(words[0], words[1..])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        var started = new ProgramProcess(Process.Start(start)!);
        started._process.BeginOutputReadLine();
        started._process.BeginErrorReadLine();
        return started;
    }

    private static void Keep(ConcurrentQueue<string> lines, string? line)
    {
        if (line is not null)
            lines.Enqueue(line);
    }
}
