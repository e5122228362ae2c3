using System.Formats.Tar;
using System.Security.Cryptography;
using System.Text.Json;
using Processes;
using Testing;
using Xunit;

namespace Sidecar.Tests.Pods;

/// <summary>What is in the images that <c>scripts/images</c> builds, saves and pushes. Run when they are asked for, as the pods are.</summary>
[Collection(SharedPods.Name)]
[SystemTest]
public sealed class ImageTests : IAsyncLifetime
{
    private const int MaxSidecarBytes = 20_000_000;
    private static readonly string[] Images = ["sidecar", "sidecar-iptables", "sidecar-runtime", "sidecar-observe", "oracle", "videoapi"];

    private readonly PodImages _images;
    private readonly TempFolder _folder = new();
    private PodmanHost _host = null!;
    private string _buildOutput = "";

    public ImageTests(PodImages images)
    {
        PodmanHost.Require();
        _images = images;
    }

    public async ValueTask InitializeAsync() => (_host, _buildOutput) = await _images.BuiltAsync();

    public ValueTask DisposeAsync()
    {
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact(Explicit = true)]
    public void Build_SaysHowBigImagesAre()
    {
        var lines = _buildOutput.TrimEnd().Split('\n');
        Assert.Equal(Images.Select(PodImages.Image), lines.Select(line => line.Split(' ')[0]));
        Assert.All(lines, line => Assert.Matches(@"  [0-9]+\.[0-9]{2} MB of its own, [0-9]+\.[0-9]{2} MB with its base$", line));
        TestContext.Current.TestOutputHelper?.WriteLine(_buildOutput);
    }

    [Theory(Explicit = true)]
    [InlineData("sidecar", "Sidecar", "1337:1337")]
    [InlineData("sidecar-runtime", "Sidecar", "1337:1337")]
    [InlineData("sidecar-observe", "Sidecar observe", "0:0")]
    [InlineData("oracle", "Oracle", "1339:1339")]
    [InlineData("videoapi", "VideoApi", "1339:1339")]
    [InlineData("sidecar-iptables", "sidecar-iptables", "0:0")]
    public async Task Image_HasItsProgramUserAndLabels(string image, string program, string user)
    {
        using var inspected = JsonDocument.Parse(await _host.PodmanAsync("image", "inspect", PodImages.Image(image)));
        var config = inspected.RootElement[0].GetProperty("Config");
        var labels = config.GetProperty("Labels");
        Assert.Equal(user, config.GetProperty("User").GetString());
        Assert.Equal($"/app/{program}", string.Join(' ', config.GetProperty("Entrypoint").EnumerateArray().Select(word => word.GetString())));
        Assert.Equal(image, labels.GetProperty("org.opencontainers.image.title").GetString());
        Assert.Equal(PodImages.Version, labels.GetProperty("org.opencontainers.image.version").GetString());
        Assert.Matches("^[0-9a-f]{40}(-modified)?$", labels.GetProperty("org.opencontainers.image.revision").GetString());
        Assert.Equal("MIT", labels.GetProperty("org.opencontainers.image.licenses").GetString());
        Assert.NotEqual("", labels.GetProperty("org.opencontainers.image.description").GetString());
    }

    [Fact(Explicit = true)]
    public async Task NativeImages_HoldOneProgramAndNoShell()
    {
        foreach (var (image, program) in new[] { ("sidecar", "Sidecar"), ("oracle", "Oracle"), ("videoapi", "VideoApi") })
        {
            var root = await _host.PodmanAsync("image", "mount", PodImages.Image(image));
            var files = Directory.EnumerateFiles(Path.Combine(root, "app"), "*", SearchOption.AllDirectories)
                .Select(file => Path.GetRelativePath(root, file)).Where(file => !file.StartsWith("app/clips/", StringComparison.Ordinal) && !file.StartsWith("app/assets/", StringComparison.Ordinal)).Order(StringComparer.Ordinal);
            Assert.Equal([$"app/{program}", "app/packages.json"], files);
            Assert.All<string>(["bin/sh", "usr/bin/sh", "usr/bin/bash", "usr/bin/dpkg", "usr/share/dotnet"], path => Assert.False(Path.Exists(Path.Combine(root, path)), path));
            // Nothing that others than its owner can write.
            Assert.Equal("", await Run.WellAsync("find", Path.Combine(root, "app"), "-perm", "/022"));
            Assert.Equal("0 0", (await Run.WellAsync("stat", "--format", "%u %g", Path.Combine(root, "app", program))).Trim());
        }

        var sidecar = await SizeAsync(PodImages.Image("sidecar")) - await SizeAsync("localhost/test-base:chiseled");
        Assert.InRange(sidecar, 1, MaxSidecarBytes);
    }

    [Fact(Explicit = true)]
    public async Task NativeSidecar_HasOpenSsl()
    {
        // It shows a key by its SHA-256, and would abort without the library.
        const string Keystream = "(keystream chacha20 \"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\" \"000000000000004a00000000\")";
        var explained = await InContainerAsync("sidecar", [], "transform", "--explain", Keystream);
        Assert.Contains("sha256:", explained, StringComparison.Ordinal);
    }

    [Fact(Explicit = true)]
    public async Task Observe_IsTheSidecarsOwnProgramWithTheLibraryOfEbpf()
    {
        var (observe, sidecar) = (await _host.PodmanAsync("image", "mount", PodImages.Image("sidecar-observe")), await _host.PodmanAsync("image", "mount", PodImages.Image("sidecar")));
        await Run.WellAsync("cmp", Path.Combine(observe, "app", "Sidecar"), Path.Combine(sidecar, "app", "Sidecar"));
        // Without rights it says which one is missing, not that the library is.
        Assert.Contains("CAP_BPF", (await RunAsync("sidecar-observe", ["--read-only"], "--capture", "ebpf")).Errors, StringComparison.Ordinal);
    }

    [Fact(Explicit = true)]
    public async Task RuntimeVariant_LoadsFiltersAndKafkasLibrary()
    {
        var filters = Path.Combine(Repository.Root, "Samples", "RollingXor", "bin", "Release", "net10.0");
        var config = _folder.Write("sidecar.yaml", "filters: [/filters/RollingXor.dll]\nlisteners: [{listen: \"127.0.0.1:0\", target: \"127.0.0.1:9\", transform: (rolling-xor 7)}]\nrecords: [{output: kafka, brokers: \"kafka:9092\", topic: t}]\n");
        string[] options = ["--read-only", "--volume", $"{filters}:/filters:ro", "--volume", $"{config}:/sidecar.yaml:ro"];
        await InContainerAsync("sidecar-runtime", options, "check", "--config", "/sidecar.yaml");
        // The native build refuses both.
        var refused = (await RunAsync("sidecar", options, "check", "--config", "/sidecar.yaml")).Errors;
        Assert.Contains("a native build loads no assemblies", refused, StringComparison.Ordinal);
        Assert.Contains("a native build has no output kafka", refused, StringComparison.Ordinal);
    }

    [Fact(Explicit = true)]
    public async Task SecondBuild_GivesTheSameLayers()
    {
        // Another umask, and times other than those of the first build.
        var script = Path.Combine(Repository.Root, "scripts", "images");
        string[] words = ["bash", "-c", "umask 077; exec \"$0\" \"$@\"", script, "build", .. PodImages.Bases, "--tag", "again"];
        var built = await ShortCommand.ResultAsync(new ProcessCommand("images", words) { Environment = _host.Environment }, TimeSpan.FromMinutes(10), cancellation: TestContext.Current.CancellationToken);
        built.Well("scripts/images build --tag again");

        foreach (var image in Images)
            Assert.Equal(await LayersAsync(PodImages.Image(image)), await LayersAsync($"localhost/{image}:again"));
        // What is compared does differ between images.
        Assert.NotEqual(await LayersAsync(PodImages.Image("sidecar")), await LayersAsync(PodImages.Image("oracle")));
    }

    [Fact(Explicit = true)]
    public async Task Save_WritesAnSbomOfWhatIsInTheImage()
    {
        var output = _folder.File("saved");
        await _host.ScriptAsync("images", "save", "--tool", "podman", "--output", output);
        foreach (var image in Images)
        {
            using var sbom = JsonDocument.Parse(await File.ReadAllTextAsync(Assert.Single(Directory.GetFiles(output, $"{image}-{PodImages.Version}-*.spdx.json")), TestContext.Current.CancellationToken));
            var files = sbom.RootElement.GetProperty("files").EnumerateArray().ToDictionary(file => file.GetProperty("fileName").GetString()![2..], ChecksumOf);
            Assert.Equal(await FilesAsync(Assert.Single(Directory.GetFiles(output, $"{image}-{PodImages.Version}-*.tar"))), files);
            var packages = sbom.RootElement.GetProperty("packages").EnumerateArray().ToDictionary(package => package.GetProperty("name").GetString()!, package => package.GetProperty("versionInfo").GetString()!);
            Assert.Contains("libc6", packages.Keys);
            Assert.All<string>(Known(image), name => Assert.Contains(name, packages.Keys));
            Assert.DoesNotContain("Meziantou.Analyzer", packages.Keys);
            Assert.All(Versions().Where(known => packages.ContainsKey(known.Key)), known => Assert.Equal(known.Value, packages[known.Key]));
        }
    }

    [Fact(Explicit = true)]
    public async Task Push_SendsTheImageToARegistry()
    {
        const string Server = "/usr/bin/docker-registry";
        Assert.SkipUnless(File.Exists(Server), "needs docker-registry");
        var config = _folder.Write("registry.yml", $"version: 0.1\nstorage: {{filesystem: {{rootdirectory: {_folder.File("registry")}}}}}\nhttp: {{addr: \"127.0.0.1:5000\"}}\n");
        await using var registry = ManagedProcess.Start(new ProcessCommand("registry", Server, "serve", config).EndingWithParent());
        await registry.WaitUntilReadyAsync(_ => Task.FromResult(registry.StandardError.Lines.Any(line => line.Contains("listening on", StringComparison.Ordinal))), TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        await _host.PodmanAsync("tag", PodImages.Image("sidecar"), $"127.0.0.1:5000/team/sidecar:{PodImages.Version}");

        await _host.ScriptAsync("images", "push", "--tool", "podman", "--registry", "127.0.0.1:5000/team", "sidecar");

        using var http = new HttpClient();
        http.DefaultRequestHeaders.Add("Accept", "application/vnd.oci.image.manifest.v1+json");
        using var manifest = JsonDocument.Parse(await http.GetStringAsync(new Uri($"http://127.0.0.1:5000/v2/team/sidecar/manifests/{PodImages.Version}"), TestContext.Current.CancellationToken));
        Assert.Equal((await LayersAsync(PodImages.Image("sidecar"))).Count, manifest.RootElement.GetProperty("layers").GetArrayLength());
    }

    private static IEnumerable<string> Known(string image) => image switch
    {
        "sidecar" => ["YamlDotNet", "System.CommandLine", "Pipelines.Sockets.Unofficial", "prometheus-net", "Microsoft.NETCore.App.Runtime.NativeAOT.linux-x64"],
        "sidecar-runtime" => ["YamlDotNet", "System.CommandLine", "Pipelines.Sockets.Unofficial", "prometheus-net", "Microsoft.NETCore.App", "Microsoft.AspNetCore.App"],
        "sidecar-observe" => ["YamlDotNet", "System.CommandLine", "prometheus-net", "Microsoft.NETCore.App.Runtime.NativeAOT.linux-x64", "libbpf1", "libssl3"],
        "sidecar-iptables" => ["iptables", "iproute2", "bash"],
        _ => ["YamlDotNet", "System.CommandLine", "Microsoft.NETCore.App.Runtime.NativeAOT.linux-x64"],
    };

    // Of Directory.Packages.props.
    private static Dictionary<string, string> Versions() => File.ReadLines(Path.Combine(Repository.Root, "Directory.Packages.props"))
        .Select(line => line.Split('"')).Where(parts => parts[0].Trim() == "<PackageVersion Include=").ToDictionary(parts => parts[1], parts => parts[3]);

    /// <summary>The files of an image's own, as its archive has them.</summary>
    private static async Task<Dictionary<string, (string Sha1, string Sha256)>> FilesAsync(string archive)
    {
        var files = new Dictionary<string, (string, string)>();
        await using var outer = new TarReader(File.OpenRead(archive));
        while (await outer.GetNextEntryAsync(copyData: true, TestContext.Current.CancellationToken) is { } layer)
        {
            if (!layer.Name.EndsWith(".tar", StringComparison.Ordinal) || layer.DataStream is null)
                continue;
            await using var inner = new TarReader(layer.DataStream);
            while (await inner.GetNextEntryAsync(copyData: true, TestContext.Current.CancellationToken) is { } entry)
            {
                if (!entry.Name.StartsWith("app/", StringComparison.Ordinal) || entry.EntryType is not (TarEntryType.RegularFile or TarEntryType.V7RegularFile))
                    continue;
                var content = new MemoryStream();
                if (entry.DataStream is not null)
                    await entry.DataStream.CopyToAsync(content, TestContext.Current.CancellationToken);
                files[entry.Name] = (Hash<SHA1>(content.ToArray()), Hash<SHA256>(content.ToArray()));
            }
        }

        Assert.NotEmpty(files);
        return files;
    }

    private static (string Sha1, string Sha256) ChecksumOf(JsonElement file)
    {
        var sums = file.GetProperty("checksums").EnumerateArray().ToDictionary(sum => sum.GetProperty("algorithm").GetString()!, sum => sum.GetProperty("checksumValue").GetString()!);
        return (sums["SHA1"], sums["SHA256"]);
    }

    // SPDX wants SHA-1 beside SHA-256.
#pragma warning disable CA5350
    private static string Hash<T>(byte[] bytes) => Convert.ToHexStringLower(typeof(T) == typeof(SHA1) ? SHA1.HashData(bytes) : SHA256.HashData(bytes));
#pragma warning restore CA5350

    private async Task<IReadOnlyList<string>> LayersAsync(string image) =>
        (await _host.PodmanAsync("image", "inspect", image, "--format", "{{range .RootFS.Layers}}{{.}} {{end}}")).Split(' ');

    private async Task<long> SizeAsync(string image) => long.Parse(await _host.PodmanAsync("image", "inspect", image, "--format", "{{.Size}}"));

    private async Task<string> InContainerAsync(string image, IEnumerable<string> options, params IReadOnlyList<string> words) =>
        (await RunAsync(image, options, words)).Well($"{image}: {string.Join(' ', words)}");

    private Task<ProcessResult> RunAsync(string image, IEnumerable<string> options, params IReadOnlyList<string> words) =>
        _host.TryAsync(["run", "--rm", "--network", "none", "--cap-drop", "all", .. options, PodImages.Image(image), .. words]);
}
