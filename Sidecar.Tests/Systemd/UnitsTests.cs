using Processes;
using Testing;
using Xunit;

namespace Sidecar.Tests.Systemd;

/// <summary>The installed units, as systemd itself judges them.</summary>
[SystemTest]
public sealed class UnitsTests
{
    // The exposure that systemd 252 computes, in tenths of a point: more rights, more points.
    [Theory]
    [InlineData("sidecar.service", 12)]
    [InlineData("oracle.service", 12)]
    [InlineData("sidecar-iptables.service", 18)]
    public async Task Units_AreValidAndHardened(string unit, int exposure)
    {
        Machine.Require();
        using var programs = new PublishedPrograms();
        using var root = new InstallRoot();
        var kind = unit == "oracle.service" ? "oracle" : "frontend";
        await Installer.DoesAsync(kind, "--program", programs.For(kind), "--root", root.Path);
        await root.AddSystemdAsync();

        var verified = await VerifyAsync(root, unit);
        Assert.Equal(new ProcessResult(0, "", ""), verified);
        Assert.Equal(0, (await SecurityAsync(root, unit, exposure)).ExitCode);

        // Neither finds anything good.
        var installed = root.File($"usr/local/lib/systemd/system/{unit}");
        await File.WriteAllTextAsync(
            installed,
            (await File.ReadAllTextAsync(installed, TestContext.Current.CancellationToken)).Replace("NoNewPrivileges=yes\n", "NoNewPrivilege=yes\n", StringComparison.Ordinal)
                .Replace("ProtectSystem=strict\n", "", StringComparison.Ordinal),
            TestContext.Current.CancellationToken);
        Assert.Contains("'NoNewPrivilege'", (await VerifyAsync(root, unit)).Errors, StringComparison.Ordinal);
        Assert.Equal(1, (await SecurityAsync(root, unit, exposure)).ExitCode);
    }

    private static Task<ProcessResult> VerifyAsync(InstallRoot root, string unit) => Run.ToEndAsync("systemd-analyze", "verify", "--man=no", $"--root={root.Path}", unit);

    private static Task<ProcessResult> SecurityAsync(InstallRoot root, string unit, int exposure) =>
        Run.ToEndAsync("systemd-analyze", "security", "--no-pager", "--offline=true", $"--threshold={exposure}", $"--root={root.Path}", unit);
}
