using Sidecar.Tests.Pods;
using Testing;
using Xunit;

[assembly: AssemblyFixture(typeof(PodImages))]

namespace Sidecar.Tests.Pods;

/// <summary>The images and the podman that has them, made once when a test first asks for them.</summary>
public sealed class PodImages : IAsyncDisposable
{
    private readonly Lazy<Task<(PodmanHost Host, string Output)>> _built = new(BuildAsync);

    /// <summary>The tag of all images.</summary>
    internal static string Version { get; } =
        File.ReadLines(Path.Combine(Repository.Root, "Directory.Build.props")).Select(line => line.Trim()).First(line => line.StartsWith("<VersionPrefix>", StringComparison.Ordinal)).Split('<', '>')[2];

    /// <summary>The words that choose the bases of the tests.</summary>
    internal static IReadOnlyList<string> Bases { get; } =
        ["--tool", "podman", "--base", "localhost/test-base:chiseled", "--base", "sidecar-iptables=localhost/test-base:debian", "--base", "sidecar-runtime=localhost/test-base:aspnet", "--base", "sidecar-observe=localhost/test-base:debian"];

    /// <summary>The full name of an image.</summary>
    internal static string Image(string name) => $"localhost/{name}:{Version}";

    /// <summary>The podman that has the images, and what their build printed.</summary>
    internal Task<(PodmanHost Host, string Output)> BuiltAsync() => _built.Value;

    public async ValueTask DisposeAsync()
    {
        if (_built.IsValueCreated && _built.Value.IsCompletedSuccessfully)
            await (await _built.Value).Host.DisposeAsync();
    }

    private static async Task<(PodmanHost, string)> BuildAsync()
    {
        var host = await PodmanHost.CreateAsync();
        try
        {
            await host.ScriptAsync("test-base");
            return (host, await host.ScriptAsync("images", ["build", .. Bases]));
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }
}
