using Testing;
using Xunit;

namespace Sidecar.Tests.EndToEnd.CommandLine;

/// <summary><c>inject</c> as a program: files, stdin, errors, exit codes.</summary>
public sealed class InjectTests : IDisposable
{
    private const string Web = """
        apiVersion: apps/v1
        kind: Deployment
        metadata:
          name: web
        spec:
          selector: {matchLabels: {app: web}}
          template:
            metadata:
              labels: {app: web} # kept
            spec:
              containers:
                - name: web
                  image: web
                  ports: [{containerPort: 9000}]

        """;

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Stdin_GoesToStdout_AndALineOnStderrSaysWhatWasDone()
    {
        var result = await Run.ToEndAsync(ProgramProcess.CommandOf([], "Sidecar", ["inject", "-f", "-", "--role", "inbound"]), Web);

        Assert.Equal(0, result.ExitCode);
        Assert.Equal("Deployment/web: added a sidecar\n", result.Errors);
        Assert.Contains("        - name: sidecar\n", result.Output, StringComparison.Ordinal);
        Assert.Contains("labels: {app: web} # kept\n", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task InPlace_WritesTheFile_TwiceIsOnce_AndUninjectGivesItBack()
    {
        var file = _folder.Write("web.yaml", Web);
        Assert.Equal("Deployment/web: added a sidecar", await InjectAsync("-f", file, "--role", "inbound", "--in-place"));
        var injected = await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken);
        Assert.NotEqual(Web, injected);
        Assert.Equal("Deployment/web: unchanged: it has this sidecar", await InjectAsync("-f", file, "--role", "inbound", "--in-place"));
        Assert.Equal(injected, await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken));

        Assert.Equal("Deployment/web: removed the sidecar", await InjectAsync("-f", file, "--uninject", "--in-place"));

        Assert.Equal(Web, await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Errors_NameFileLineAndWorkload_AndNoFileIsWritten()
    {
        var good = _folder.Write("good.yaml", Web);
        var bad = _folder.Write("bad.yaml", Web.Replace("labels: {app: web} # kept", "annotations:\n        sidecar.proxy/role: inbound\n        sidecar.proxy/memory: lots", StringComparison.Ordinal));
        var broken = _folder.Write("broken.yaml", "a: [1\nb: 2\n");

        var (code, output, errors) = await ProgramProcess.RunAsync("Sidecar", "inject", "--role", "inbound", "-i", "-f", good, "-f", bad, "-f", broken, "-f", _folder.File("none.yaml"));

        Assert.Equal(2, code);
        Assert.Empty(output);
        Assert.Contains($"Sidecar: {bad}:11: Deployment/web: annotation sidecar.proxy/memory 'lots': a quantity is expected, such as 50m, 1, 32Mi", errors);
        Assert.Contains(errors, line => line.StartsWith($"Sidecar: {broken}:", StringComparison.Ordinal));
        Assert.Contains(errors, line => line.StartsWith($"Sidecar: --filename '{_folder.File("none.yaml")}': ", StringComparison.Ordinal));
        Assert.Equal(Web, await File.ReadAllTextAsync(good, TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("--role 'p3': outbound, inbound, or both with a comma, is expected", "-f", "-", "--role", "p3")]
    [InlineData("--in-place: stdin (-) has no file to write; leave --in-place out", "-f", "-", "-i")]
    [InlineData("Option '--filename' is required; try --help", "--role", "inbound")]
    public async Task Usage_WrongWords_EndWith2(string error, params string[] words)
    {
        var (code, _, errors) = await ProgramProcess.RunAsync("Sidecar", words.Prepend("inject"));

        Assert.Equal((2, $"Sidecar: {error}"), (code, Assert.Single(errors)));
    }

    private static async Task<string> InjectAsync(params string[] words)
    {
        var (code, _, errors) = await ProgramProcess.RunAsync("Sidecar", words.Prepend("inject"));
        Assert.Equal(0, code);
        return Assert.Single(errors);
    }
}
