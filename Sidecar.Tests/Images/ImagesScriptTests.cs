using Testing;
using Xunit;

namespace Sidecar.Tests.Images;

/// <summary>The command lines of <c>scripts/images</c> and <c>scripts/test-base</c>: what is wrong is said in one line.</summary>
[SystemTest]
public sealed class ImagesScriptTests
{
    private static readonly string Folder = Path.Combine(Repository.Root, "scripts");

    [Theory]
    [InlineData("", "build, save or push is expected; try --help")]
    [InlineData("pack", "'pack': build, save or push is expected; try --help")]
    [InlineData("build sidecars", "'sidecars': there is no such image; there are sidecar sidecar-iptables sidecar-runtime sidecar-observe oracle videoapi")]
    [InlineData("build --quick", "--quick: there is no such option; try --help")]
    [InlineData("build --tag", "--tag: a value is expected")]
    [InlineData("build --tag=", "--tag: a value is expected")]
    [InlineData("build --tool=make", "--tool 'make': podman, buildah or docker is expected")]
    [InlineData("build --arch x86", "--arch 'x86': x64 or arm64 is expected")]
    [InlineData("build --tag a:b", "--tag 'a:b': at most 128 letters, digits, dots, dashes and underscores are expected")]
    [InlineData("build --registry https://example.org", "--registry 'https://example.org': a host in small letters, such as registry.example.org/team, is expected")]
    [InlineData("build --base sidecars=x", "--base 'sidecars=x': 'sidecars' is no image; there are sidecar sidecar-iptables sidecar-runtime sidecar-observe oracle videoapi")]
    [InlineData("build --sdk x", "--sdk 'x': only with --inside")]
    [InlineData("save --inside", "--base, --inside: only with build")]
    [InlineData("push sidecar", "push: --registry HOST[/PATH] is expected")]
    public async Task Usage_IsSaidInOneLine(string words, string expected)
    {
        var (code, output, errors) = await Run.ToEndAsync([Path.Combine(Folder, "images"), .. words.Split(' ', StringSplitOptions.RemoveEmptyEntries)]);

        Assert.Equal((2, "", $"images: {expected}\n"), (code, output, errors));
    }

    [Theory]
    [InlineData("images")]
    [InlineData("test-base")]
    public async Task Help_IsShown(string script)
    {
        var help = await Run.WellAsync(Path.Combine(Folder, script), "--help");

        Assert.Contains($"scripts/{script} ", help, StringComparison.Ordinal);
    }

    // The one place for names of registries: there everybody expects them.
    [Fact]
    public void ImageNames_StandOnlyAsDefaultsOfDockerfiles()
    {
        var files = Directory.GetFiles(Path.Combine(Repository.Root, "images"), "*.Dockerfile");
        Assert.NotEmpty(files);
        Assert.All(files, file => Assert.All(File.ReadLines(file).Where(line => line.StartsWith("FROM ", StringComparison.Ordinal)), line => Assert.Matches(@"^FROM (\$\{(BASE|SDK)\} AS (base|build)|base( AS folder)?)$", line)));
    }
}
