using Testing;
using Xunit;

namespace Sidecar.Tests.Systemd;

/// <summary><c>systemd/install</c> into the folder of another system.</summary>
[SystemTest]
public sealed class InstallTests
{
    [Theory]
    [InlineData("frontend", "--backend", "192.0.2.1,fd00::/8")]
    [InlineData("backend", "--oracle", "oracle.internal:9100")]
    [InlineData("oracle")]
    public async Task Install_Repeated_ChangesNothing_AndUninstallLeavesNothing(params string[] words)
    {
        Machine.Require();
        using var programs = new PublishedPrograms();
        using var root = new InstallRoot();
        string[] all = [.. words, "--program", programs.For(words[0]), "--root", root.Path];
        var before = await root.ContentAsync();

        var planned = await Installer.DoesAsync([.. all, "--dry-run"]);
        Assert.Equal(before, await root.ContentAsync());
        await Installer.DoesAsync(all);
        var once = await root.StateAsync();
        var plannedAgain = await Installer.DoesAsync([.. all, "--dry-run"]);
        await Installer.DoesAsync(all);

        Assert.Equal(once, await root.StateAsync());
        Assert.Contains("write ", planned, StringComparison.Ordinal);
        Assert.DoesNotContain("write ", plannedAgain, StringComparison.Ordinal);
        Assert.Contains("multi-user.target.wants", once, StringComparison.Ordinal);
        Assert.DoesNotContain(".new", once, StringComparison.Ordinal);

        await Installer.DoesAsync("uninstall", "--root", root.Path, "--dry-run");
        Assert.Equal(once, await root.StateAsync());
        await Installer.DoesAsync("uninstall", "--root", root.Path);
        Assert.Equal(before, await root.ContentAsync());
        await Installer.DoesAsync("uninstall", "--root", root.Path);
    }

    [Fact]
    public async Task Install_WritesWhatTheOptionsSay()
    {
        Machine.Require();
        using var programs = new PublishedPrograms();
        using var root = new InstallRoot();

        await Installer.DoesAsync(
            "frontend", "--port", "5432", "--backend", "192.0.2.1", "--transform", "(chain (xor 42) (rotl 3))", "--program", programs.Sidecar, "--root", root.Path);

        Assert.EndsWith(
            "\nRULES=\"--outbound-port 45000 --outbound-ports 5432 --outbound-cidrs 192.0.2.1 --exclude-uids sidecar\"\n",
            Read("etc/sidecar/iptables"), StringComparison.Ordinal);
        Assert.Contains("\n    transform: \"(chain (xor 42) (rotl 3))\"", Read("etc/sidecar/sidecar.yaml"), StringComparison.Ordinal);
        // Transforms are secrets of a kind; the sidecar can read them, others cannot.
        Assert.Equal("640 0 1337\n", await Run.WellAsync("stat", "-c", "%a %u %g", root.File("etc/sidecar/sidecar.yaml")));
        Assert.Contains("\nsidecar:x:1337:1337:", Read("etc/passwd"), StringComparison.Ordinal);
        Assert.Equal(!ProgramProcess.IsNative("Sidecar"), File.Exists(root.File("usr/local/lib/systemd/system/sidecar.service.d/runtime.conf")));

        string Read(string name) => File.ReadAllText(root.File(name));
    }

    [Fact]
    public async Task Configuration_ThatIsThere_StaysUnlessItIsToBeReplaced()
    {
        Machine.Require();
        using var programs = new PublishedPrograms();
        using var root = new InstallRoot();
        string[] all = ["backend", "--program", programs.Sidecar, "--root", root.Path];
        await Installer.DoesAsync(all);
        var file = root.File("etc/sidecar/sidecar.yaml");
        var written = await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken);
        var mine = written.Replace("drain: 5s", "drain: 7s", StringComparison.Ordinal);
        await File.WriteAllTextAsync(file, mine, TestContext.Current.CancellationToken);

        var result = await Installer.RunAsync(all);
        Assert.Equal((0, mine), (result.ExitCode, await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken)));
        Assert.Contains($"{file} stays as it is", result.Errors, StringComparison.Ordinal);

        await Installer.DoesAsync([.. all, "--replace"]);
        Assert.Equal(written, await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken));
        Assert.Equal(mine, await File.ReadAllTextAsync(file + ".old", TestContext.Current.CancellationToken));

        await File.WriteAllTextAsync(file, mine + "speed: fast\n", TestContext.Current.CancellationToken);
        var state = await root.StateAsync();
        result = await Installer.RunAsync(all);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains($"this Sidecar refuses {file}; nothing was changed: ", result.Errors, StringComparison.Ordinal);
        Assert.Contains("speed", result.Errors, StringComparison.Ordinal);
        Assert.Equal(state, await root.StateAsync());
    }

    [Fact]
    public async Task AnotherBuild_ReplacesAllOfTheFirst()
    {
        Machine.Require();
        Assert.SkipWhen(ProgramProcess.IsNative("Sidecar"), "begins with the build for the .NET runtime");
        using var programs = new PublishedPrograms();
        using var root = new InstallRoot();
        using var native = new TempFolder();
        // The installer asks a program only to check configurations.
        await Run.WellAsync("chmod", "755", native.Write("Sidecar", "#!/bin/sh\n"));
        await Installer.DoesAsync("backend", "--program", programs.Sidecar, "--root", root.Path);

        await Installer.DoesAsync("backend", "--program", native.Root, "--root", root.Path);

        Assert.Equal("#!/bin/sh\n", await File.ReadAllTextAsync(root.File("usr/local/bin/Sidecar"), TestContext.Current.CancellationToken));
        Assert.False(Directory.Exists(root.File("usr/local/lib/sidecar/Sidecar")));
        Assert.False(File.Exists(root.File("usr/local/lib/systemd/system/sidecar.service.d/runtime.conf")));
    }

    [Theory]
    [InlineData("", "frontend, backend, oracle or uninstall is expected")]
    [InlineData("client", "'client': frontend, backend, oracle or uninstall is expected")]
    [InlineData("frontend --port", "--port: a value is expected")]
    [InlineData("frontend --port 0", "--port '0': a port from 1 to 65535")]
    [InlineData("frontend --port 65536", "--port '65536': a port from 1 to 65535")]
    [InlineData("frontend --port http", "--port 'http': a port from 1 to 65535")]
    [InlineData("frontend --backend example.org", "--backend 'example.org': a network such as")]
    [InlineData("frontend --backend=", "--backend '': a list with commas")]
    [InlineData("backend --backend 192.0.2.1", "--backend '192.0.2.1': has no effect for backend; leave it out")]
    [InlineData("oracle --transform not", "--transform 'not': has no effect for oracle; leave it out")]
    [InlineData("backend --policy file", "--policy 'file': has no effect for backend; leave it out")]
    [InlineData("oracle --policy /nowhere", "--policy '/nowhere': cannot be read; name a file")]
    [InlineData("uninstall --port 9000", "--port '9000': has no effect for uninstall; leave it out")]
    [InlineData("frontend --oracle 192.0.2.1", "--oracle '192.0.2.1': the Oracle's host and port are expected, such as")]
    [InlineData("frontend --oracle 192.0.2.1:70000", "--oracle '192.0.2.1:70000': ")]
    [InlineData("frontend --oracle 192.0.2.1:9100 --transform not", "--transform 'not': has no effect with --oracle")]
    [InlineData("frontend --transform 999", "--transform '999': ")]
    [InlineData("frontend --transform \"", "--transform '\"': quotes and backslashes")]
    [InlineData("frontend --root /nowhere", "--root '/nowhere': is no folder; make it first")]
    [InlineData("frontend --program /etc", "--program '/etc': there is no Sidecar in this folder; scripts/publish-native Sidecar builds it")]
    [InlineData("frontend --program=\n", "--program $'\\n': control characters")]
    [InlineData("frontend --speed fast", "--speed: there is no such option")]
    [InlineData("frontend now", "'now': one word too many")]
    public async Task WrongWord_IsNamedInOneLineWithTheRemedy(string words, string named)
    {
        using var programs = new PublishedPrograms();
        List<string> all = [.. words.Split(' ', StringSplitOptions.RemoveEmptyEntries)];
        if (all.Count > 0 && all[0] is "frontend" or "backend" or "oracle" && !words.Contains("--program", StringComparison.Ordinal))
            all.InsertRange(1, ["--program", programs.For(all[0])]);
        if (all.Count > 0)
            all.Insert(1, "--dry-run");

        var result = await Installer.RunAsync(all);

        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.StartsWith($"install: {named}", Assert.Single(result.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Help_NamesEveryOption()
    {
        var help = await Installer.DoesAsync("--help");
        var script = await File.ReadAllTextAsync(Installer.Script, TestContext.Current.CancellationToken);

        Assert.All(["program", "port", "backend", "transform", "oracle", "policy", "root"], option => Assert.Contains($"\n  --{option} ", help, StringComparison.Ordinal));
        Assert.Contains("--@(program|port|backend|transform|oracle|policy|root)", script, StringComparison.Ordinal);
    }
}
