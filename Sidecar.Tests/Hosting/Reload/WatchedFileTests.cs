using Processes;
using Testing;
using Xunit;

namespace Sidecar.Tests.Hosting.Reload;

/// <summary>The real process sees that its file has changed, in whatever way files change.</summary>
public sealed class WatchedFileTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task ConfigMap_ThatSwapsItsSymlinks_IsTakenAndOneThatIsWrongIsNot()
    {
        // As the kubelet makes it: only ..data, which all else leads to, is replaced.
        await PublishAsync("one", Yaml("first"));
        File.CreateSymbolicLink(_folder.File("sidecar.yaml"), "..data/sidecar.yaml");
        await using var sidecar = Start();
        await sidecar.ErrorLineAsync("Listener first (alone) accepts on");

        await PublishAsync("two", Yaml("second"));
        await sidecar.ErrorLineAsync("is in force as generation 2");
        await PublishAsync("three", Yaml("third") + "drain: soon\n");
        await sidecar.ErrorLineAsync($"The configuration was refused: {_folder.File("sidecar.yaml")}:2: drain 'soon'");
        await PublishAsync("four", Yaml("fourth"));

        await sidecar.ErrorLineAsync("is in force as generation 3");
        sidecar.Signal(ProcessSignal.Terminate);
        Assert.Equal(0, await sidecar.ExitCodeAsync());
    }

    [Fact]
    public async Task File_ThatIsWrittenInPlaceOrRenamedOver_IsTaken()
    {
        _folder.Write("sidecar.yaml", Yaml("first"));
        await using var sidecar = Start();
        await sidecar.ErrorLineAsync("accepts on");

        _folder.Write("sidecar.yaml", Yaml("first") + "loops: 1\n");
        await sidecar.ErrorLineAsync("is in force as generation 2");
        await sidecar.ErrorLineAsync("These options have changed and take effect at the next start: loops");
        File.Move(_folder.Write("new.yaml", Yaml("second")), _folder.File("sidecar.yaml"), overwrite: true);

        await sidecar.ErrorLineAsync("is in force as generation 3");
        sidecar.Signal(ProcessSignal.Terminate);
        Assert.Equal(0, await sidecar.ExitCodeAsync());
    }

    private static string Yaml(string name) => $"listeners: [{{name: {name}, listen: \"127.0.0.1:0\", target: \"127.0.0.1:9\"}}]\n";

    private ProgramProcess Start() => ProgramProcess.Start(
        "Sidecar", "--config", _folder.File("sidecar.yaml"), "--metrics-address", "127.0.0.1:0", "--health-address", "127.0.0.1:0", "--admin-address", "127.0.0.1:0");

    private async Task PublishAsync(string version, string yaml)
    {
        _folder.Write($"..{version}/sidecar.yaml", yaml);
        File.CreateSymbolicLink(_folder.File("..data_tmp"), $"..{version}");
        await using var rename = ProgramProcess.StartCommand("mv", "-T", _folder.File("..data_tmp"), _folder.File("..data"));
        Assert.Equal(0, await rename.ExitCodeAsync());
    }
}
