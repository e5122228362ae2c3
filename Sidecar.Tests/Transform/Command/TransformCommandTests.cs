using System.Runtime.InteropServices;
using System.Security.Cryptography;
using ByteFilters;
using Sidecar.Tests.UserFilters;
using Sidecar.Transform;
using Sidecar.Transform.Kernels;
using Testing;
using Xunit;

namespace Sidecar.Tests.Transform.Command;

/// <summary><c>Sidecar transform</c> as a shell runs it.</summary>
[SystemTest]
public sealed class TransformCommandTests : IDisposable
{
    private const string Chain = "(chain (xor 42) not (rotl 3))";

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Transform_AndItsInverse_GiveBackTheText()
    {
        var (code, output, errors) = await ShellAsync($"printf 'hello' | $sidecar '{Chain}' | $sidecar --inverse '{Chain}'");

        Assert.Equal((0, "hello", ""), (code, output, errors));
    }

    [Fact]
    public async Task Transform_WritesWhatTheExpressionSays()
    {
        // h e l l o: exclusive or with 42.
        var (_, output, _) = await ShellAsync("printf 'hello' | $sidecar '(xor 42)'; printf '.'; printf 'BOFFE' | $sidecar --inverse 'xor 42'");

        Assert.Equal("BOFFE.hello", output);
    }

    [Fact]
    public async Task Transform_IntoAFileThatOthersWriteToo_KeepsTheOrder()
    {
        var file = _folder.File("all");

        await ShellAsync($"{{ printf 'one '; printf 'BOFFE' | $sidecar '(xor 42)'; printf ' two'; }} > {file}");

        Assert.Equal("one hello two", await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Transform_TenMegabytesThroughTwoProcesses_KeepsEveryByteAndSaysNothingOffATerminal()
    {
        var bytes = RandomNumberGenerator.GetBytes(10_000_000);
        var (plain, coded, back) = (_folder.Write("plain", bytes), _folder.File("coded"), _folder.File("back"));
        const string expression = "(chain (xor-key \"0123456789\") (add 7) (keystream chacha20 \"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\" \"000000000000004a00000000\"))";

        // Slow enough for the line that a terminal would get, however long the programs take to start.
        var (code, output, errors) = await ShellAsync(
            $"{{ head -c 5000001 {plain}; until [ -s {coded} ]; do sleep .05; done; sleep 1.1; tail -c +5000002 {plain}; }} | $sidecar '{expression}' | tee {coded} | $sidecar --inverse '{expression}' > {back}");

        Assert.Equal((0, "", ""), (code, output, errors));
        Assert.Equal(SHA256.HashData(bytes), SHA256.HashData(await File.ReadAllBytesAsync(back, TestContext.Current.CancellationToken)));
        Assert.NotEqual(bytes[..64], (await File.ReadAllBytesAsync(coded, TestContext.Current.CancellationToken))[..64]);
    }

    [Fact]
    public async Task Explain_NamesCanonicalFormClassKernelAndSpeed()
    {
        var (code, output, errors) = await ShellAsync($"$sidecar --explain '{Chain} ; a comment'");

        Assert.Equal((0, ""), (code, errors));
        var lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries).ToDictionary(line => line.Split(':')[0], line => line[11..]);
        Assert.Equal((Chain, "(chain (rotr 3) not (xor 42))", "affine", "cannot say it"), (lines["canonical"], lines["inverse"], lines["comes to"], lines["wire v1"]));
        Assert.Equal(Kernel.For(TransformExpression.Parse(Chain).AsPermutation()!).Name, lines["kernel"]);
        Assert.Matches(@"^\d+\.\d+ GB/s on one core, 64 KB at a time; copying: \d+\.\d+ GB/s$", lines["speed"]);
    }

    [Fact]
    public async Task Explain_OfWhatCancels_CostsNothing()
    {
        var (_, output, _) = await ShellAsync("$sidecar --explain '(chain (rotl 3) (xor 1) (inverse (chain (rotl 3) (xor 1))))'");

        Assert.Contains("comes to:  nothing\nkernel:    none\nspeed:     costs nothing\n", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("(xor 300)", "expression: 1:6: a byte 0..255 expected, got 300; known words: ")]
    [InlineData("(chain not\n  (frob 1))", "expression: 2:4: an operator expected, got frob; known words: ")]
    [InlineData("", "expression: 1:1: an expression expected, got the end; known words: ")]
    public async Task Transform_OfAWrongExpression_IsOneLineWithLineAndColumn(string expression, string expected)
    {
        var (code, output, errors) = await ShellAsync($"printf x | $sidecar '{expression}'");

        Assert.Equal((2, ""), (code, output));
        Assert.StartsWith($"Sidecar: {expected}", errors, StringComparison.Ordinal);
        Assert.Single(errors.TrimEnd('\n').Split('\n'));
    }

    [Fact]
    public async Task Transform_WhoseReaderLeaves_EndsInSilence()
    {
        // Without an end of its own.
        var (code, output, errors) = await ShellAsync("yes 2> /dev/null | $sidecar not | head -c 1 | od -An -tx1; echo ${PIPESTATUS[1]}");

        Assert.Equal((0, " 86\n141\n", ""), (code, output, errors));
    }

    [Fact]
    public async Task Transform_WithAConfiguration_KnowsItsNamesAndFilters()
    {
        var config = _folder.Write("sidecar.yaml", $"""
            filters: [{typeof(RollingXor.RollingXorFilter).Assembly.Location}]
            transforms:
              scramble: (chain (rolling-xor 7) (rotl 3))
            """);

        var (code, output, errors) = await ShellAsync(
            $"printf hello | $sidecar scramble --config {config} | $sidecar --inverse '(chain (rolling-xor 7) (rotl 3))' --config {config}; $sidecar --explain scramble --config {config} | head -1");

        Assert.Equal((0, "hellocanonical: (chain (rolling-xor 7) (rotl 3))\n", ""), (code, output, errors));
    }

    [Theory]
    [InlineData("", "throw new DivideByZeroException(\"no such byte\");", "(bad)")]
    [InlineData("", "throw new DivideByZeroException(\"no such byte\");", "--explain (bad)")]
    [InlineData("throw new DivideByZeroException(\"no such byte\");", "", "(bad)")]
    public async Task Transform_WithAFilterThatThrows_IsOneLine(string create, string apply, string words)
    {
        var config = _folder.Write("sidecar.yaml", $"filters: [{UserFilter.Compile(_folder, UserFilter.Source(create: create, apply: apply))}]\n");

        var (code, output, errors) = await ShellAsync($"printf x | $sidecar {words.Replace("(bad)", "'(bad)'", StringComparison.Ordinal)} --config {config}");

        Assert.Equal((2, "", "Sidecar: the transform failed: no such byte\n"), (code, output, errors));
    }

    [Fact]
    public async Task Transform_OnATerminal_ShowsItsProgress()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/script"), "script(1), which lends a terminal, is missing");

        var copy = _folder.File("copy");
        var (code, output, _) = await ShellAsync(
            $"export sidecar; script -qec '{{ printf a; until [ -s {copy} ]; do sleep .05; done; sleep 1.1; printf b; }} | $sidecar idt > {copy}' /dev/null < /dev/null");

        Assert.Equal(0, code);
        Assert.Matches(@"\r0 MB, 0 MB/s \r\n$", output);
    }

    // What a processor without some features runs, on this one. A switch takes the kernels away that need what it switches off;
    // of the others the first that this processor has is expected, whichever that is.
    [Theory]
    [InlineData("", "")]
    [InlineData("DOTNET_EnableAVX512v2=0", "vbmi")]
    [InlineData("DOTNET_EnableGFNI=0", "gfni-512 gfni-256")]
    [InlineData("DOTNET_EnableAVX512=0", "gfni-512 vbmi chacha20-512")]
    [InlineData("DOTNET_EnableAVX512=0 DOTNET_EnableGFNI=0", "gfni-512 gfni-256 vbmi chacha20-512")]
    // .NET 10 leaves GFNI as it is without AVX2, but not its 256 bits without AVX.
    [InlineData("DOTNET_EnableAVX2=0", "gfni-512 vbmi avx2-affine avx2-table chacha20-512 chacha20-256")]
    [InlineData("DOTNET_EnableAVX2=0 DOTNET_EnableGFNI=0", "gfni-512 gfni-256 vbmi avx2-affine avx2-table chacha20-512 chacha20-256")]
    [InlineData("DOTNET_EnableAVX=0", "gfni-512 gfni-256 vbmi avx2-affine avx2-table chacha20-512 chacha20-256")]
    [InlineData("DOTNET_EnableSSE42=0", "gfni-512 gfni-256 vbmi avx2-affine avx2-table vector128-affine chacha20-512 chacha20-256")]
    [InlineData("DOTNET_EnableHWIntrinsic=0", "gfni-512 gfni-256 vbmi avx2-affine avx2-table vector128-affine vector128-table chacha20-512 chacha20-256")]
    public async Task Transform_OnALesserProcessor_TakesItsKernelsAndWritesTheSame(string switches, string without)
    {
        Assert.SkipUnless(RuntimeInformation.ProcessArchitecture == Architecture.X64, "the switches are those of x64");
        var bytes = RandomNumberGenerator.GetBytes(5001);
        var plain = _folder.Write("plain", bytes);
        const string stream = "(keystream chacha20 \"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\" \"000000000000004a00000000\")";
        const string text = $"(chain (rotl 3) (reverse-bits) (xor-key \"0123456789\") (xor 1) (add 1) {stream} (add 7) (xor-key \"abcdef\") (xor 9))";
        var expression = TransformExpression.Parse(text);

        var (code, output, errors) = await ShellAsync($"""
            env {switches} $sidecar --explain '{text}' | grep kernel
            env {switches} $sidecar '{text}' < {plain} > {_folder.File("changed")}
            """);

        var lost = without.Split(' ');
        var kernels = CompiledTransform.Compile(expression, permutation => Kernel.All.First(kernel => kernel.IsSupported && kernel.Fits(permutation) && !lost.Contains(kernel.Name)))
            .Parts.Select(part => part.Does == "key stream" ? ChaCha20Kernel.All.First(kernel => kernel.IsSupported && !lost.Contains(kernel.Name)).Name : part.Kernel);
        Assert.Equal((0, $"kernel:    {string.Join(", ", kernels)}\n", ""), (code, output, errors));
        Assert.Equal(Reference.Apply(expression, bytes), await File.ReadAllBytesAsync(_folder.File("changed"), TestContext.Current.CancellationToken));
    }

    private async Task<(int Code, string Output, string Errors)> ShellAsync(string script)
    {
        var (output, errors) = (_folder.File("shell.out"), _folder.File("shell.err"));
        var sidecar = Path.Combine(AppContext.BaseDirectory, "Sidecar.dll");
        await using var shell = ProgramProcess.StartCommand("bash", "-c", $"set -o pipefail\nsidecar='dotnet {sidecar} transform'\n{{\n{script}\n}} > {output} 2> {errors}");
        return (await shell.ExitCodeAsync(), await File.ReadAllTextAsync(output, TestContext.Current.CancellationToken), await File.ReadAllTextAsync(errors, TestContext.Current.CancellationToken));
    }
}
