using System.Security.Cryptography;
using ByteFilters;
using Processes;
using Sidecar.Tests.EndToEnd.Protocols;
using Sidecar.Tests.Support;
using Testing;
using Xunit;

namespace Sidecar.Tests.EndToEnd.Native;

/// <summary>The sidecar as a native build, which <c>./test</c> makes after all other tests; so these are run when they are asked for.</summary>
public sealed class NativeBuildTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly ExchangeRecords _exchanges = new();

    public NativeBuildTests() => Assert.SkipUnless(ProgramProcess.IsNative("Sidecar"), "no native build is tested (SIDECAR_TESTS_NATIVE=Sidecar)");

    public void Dispose()
    {
        _folder.Dispose();
        _exchanges.Dispose();
    }

    [Fact(Explicit = true)]
    public async Task Pair_RecordsAndCountsItsExchangesAndDrains()
    {
        await using var origin = await HttpServer.StartAsync();
        await using var p2 = await StartedSidecar.StartAsync(origin.Port, ["--role", "p2", "--transform", "(xor 42)", .. _exchanges.Words]);
        await using var p1 = await StartedSidecar.StartAsync(p2.Port, "--role", "p1", "--transform", "(xor 42)", "--drain", "1h");
        using (var http = new HttpClient())
        {
            using var answer = await http.PostAsync(new Uri($"http://127.0.0.1:{p1.Port}/hash"), new ByteArrayContent(new byte[100_000]), TestContext.Current.CancellationToken);
            Assert.Equal(64, (await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Length);

            Assert.Equal(("POST", "/hash", 200, "completed"), Assert.Single(await _exchanges.ReadAsync(1)).InShort());
            var (_, metrics) = await p2.GetAsync("metrics", "/metrics");
            Assert.Contains("\nhttp_server_request_duration_seconds_count{", metrics, StringComparison.Ordinal);
            Assert.Contains($"\"{p1.Port}\"", (await p1.GetAsync("admin", "/listeners")).Body.Replace(":", "\"", StringComparison.Ordinal), StringComparison.Ordinal);

            // Not every image has it, and it takes 6 MB.
            Assert.DoesNotContain("libssl", await File.ReadAllTextAsync($"/proc/{p1.Id}/maps", TestContext.Current.CancellationToken), StringComparison.Ordinal);

            p1.Signal(ProcessSignal.Terminate);
            await p1.IsStoppingAsync();
        }

        // The client has left, so an hour's drain is over.
        await p1.EndsAsync();
        await p2.StopAsync(ProcessSignal.Terminate);
        Assert.Equal("completed", Assert.Single(p1.Records()).Reason);
        Assert.Equal("completed", Assert.Single(p2.Records()).Reason);
    }

    [Fact(Explicit = true)]
    public async Task Filters_AreRefusedInOneLine()
    {
        var file = _folder.Write("sidecar.yaml", "filters: [mine.dll]\nlisteners: [{listen: \"127.0.0.1:0\", target: \"127.0.0.1:9\"}]\n");

        var (code, _, errors) = await ProgramProcess.RunAsync("Sidecar", "--config", file);

        Assert.Equal(2, code);
        Assert.Equal($"Sidecar: {file}:1: filters.0 'mine.dll': a native build loads no assemblies; use the build for the .NET runtime", Assert.Single(errors));
    }

    [Fact(Explicit = true)]
    public async Task MetricsForACollector_AreRefusedAndTheOtherImageIsNamed()
    {
        var (code, _, errors) = await ProgramProcess.RunAsync("Sidecar", "check", "--listen", "127.0.0.1:0", "--target", "127.0.0.1:9", "--metrics-otlp", "http://a:4318");

        Assert.Equal(2, code);
        Assert.Equal(
            "Sidecar: --metrics-otlp 'http://a:4318': a native build sends no metrics; take the build for the .NET runtime (image sidecar-runtime), or let the collector scrape /metrics",
            Assert.Single(errors));
    }

    [Fact(Explicit = true)]
    public async Task Explain_NamesTheProcessorsKernel()
    {
        // What the processor itself says: the runtime's switches (DOTNET_EnableGFNI) hold for this process and not for a native build.
        Assert.SkipWhen(ProgramProcess.IsEmulated, "not an x64 build");
        var flags = (await File.ReadAllLinesAsync("/proc/cpuinfo", TestContext.Current.CancellationToken)).FirstOrDefault(line => line.StartsWith("flags", StringComparison.Ordinal))?.Split(' ') ?? [];
        Assert.SkipUnless(flags.Contains("avx2"), "this processor lacks AVX2");
        Assert.Equal(flags.Contains("gfni") ? "gfni-256" : "avx2-affine", Kernel(await ProgramProcess.RunAsync("Sidecar", "transform", "--explain", "(rotl 3)")));
    }

    [Theory(Explicit = true)]
    [InlineData("(rotl 3)", "vector128-affine")]
    [InlineData("(chain (add 1) (rotl 3))", "vector128-table")]
    public async Task Explain_OnArm_NamesVectorsOf128Bits(string expression, string kernel)
    {
        Assert.SkipUnless(ProgramProcess.IsEmulated, "not a build for arm64");
        Assert.Equal(kernel, Kernel(await ProgramProcess.RunAsync("Sidecar", "transform", "--explain", expression)));
    }

    [Theory(Explicit = true)]
    [InlineData("not")]
    [InlineData("(add 7)")]
    [InlineData("(rotl 3)")]
    [InlineData("(chain (add 1) (rotl 3))")]
    [InlineData("(xor-key \"00112233445566\")")]
    [InlineData("(keystream chacha20 \"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\" \"000000000000004a00000000\")")]
    public async Task Transform_ChangesBytesAsTheReferenceAndRestoresThem(string expression)
    {
        // It shows keys by their SHA-256.
        Assert.SkipWhen(ProgramProcess.IsEmulated && expression.StartsWith("(keystream", StringComparison.Ordinal), "needs OpenSSL, which Debian does not have for arm64 on x64");
        var bytes = RandomNumberGenerator.GetBytes(100_003);
        var plain = _folder.Write("plain", bytes);

        await TransformAsync(plain, "changed", expression);
        await TransformAsync(_folder.File("changed"), "restored", "--inverse", expression);

        Assert.Equal(Reference.Apply(TransformExpression.Parse(expression), bytes), await File.ReadAllBytesAsync(_folder.File("changed"), TestContext.Current.CancellationToken));
        Assert.Equal(bytes, await File.ReadAllBytesAsync(_folder.File("restored"), TestContext.Current.CancellationToken));
    }

    [Fact(Explicit = true)]
    public async Task VersionAndHelp_AreShown()
    {
        var (versionCode, version, _) = await ProgramProcess.RunAsync("Sidecar", "--version");
        var (helpCode, help, _) = await ProgramProcess.RunAsync("Sidecar", "--help");

        Assert.Equal((0, 0), (versionCode, helpCode));
        Assert.Matches(@"^\d+\.\d+\.\d+$", Assert.Single(version));
        Assert.Contains("Usage:", help);
    }

    [Fact(Explicit = true)]
    public async Task Explain_WithoutGfni_NamesAvx2() =>
        Assert.Equal("avx2-affine", Kernel(await EmulateAsync("Haswell-noTSX", "transform", "--explain", "(rotl 3)")));

    [Theory(Explicit = true)]
    [InlineData("Nehalem")]
    [InlineData("SandyBridge")]
    public async Task Start_WithoutAvx2_SaysSoInOneLine(string processor)
    {
        var (code, _, errors) = await EmulateAsync(processor, "--help");

        Assert.Equal(2, code);
        Assert.Equal("Sidecar: this processor lacks AVX2, BMI2 or FMA (x86-64-v3), which the native build needs; use the build for the .NET runtime", Assert.Single(errors));
    }

    private async Task TransformAsync(string input, string output, params string[] args)
    {
        await using var process = ProgramProcess.StartBy(["bash", "-c", "\"${@:3}\" < \"$1\" > \"$2\"", "bash", input, _folder.File(output)], "Sidecar", ["transform", .. args]);
        Assert.Equal((0, ""), (await process.ExitCodeAsync(), string.Join('\n', process.Errors)));
    }

    private static string Kernel((int Code, IReadOnlyList<string> Output, IReadOnlyList<string> Errors) run)
    {
        Assert.Equal((0, ""), (run.Code, string.Join('\n', run.Errors)));
        return Assert.Single(run.Output, line => line.StartsWith("kernel:", StringComparison.Ordinal)).Split(' ')[^1];
    }

    private static async Task<(int Code, IReadOnlyList<string> Output, IReadOnlyList<string> Errors)> EmulateAsync(string processor, params string[] args)
    {
        const string Emulator = "/usr/bin/qemu-x86_64";
        Assert.SkipWhen(ProgramProcess.IsEmulated, "not an x64 build");
        Assert.SkipUnless(File.Exists(Emulator), "qemu-user is missing");
        await using var process = ProgramProcess.StartBy([Emulator, "-cpu", processor], "Sidecar", args);
        var code = await process.ExitCodeAsync();
        // It warns of what it does not emulate.
        return (code, process.Output, [.. process.Errors.Where(line => !line.StartsWith("qemu-x86_64: warning:", StringComparison.Ordinal))]);
    }
}
