using System.Globalization;
using Testing;
using Xunit;

namespace Sidecar.Tests.Systemd;

/// <summary>The services on machines with systemd: what is there after a start of the machine, and what happens when something fails.</summary>
[SystemTest]
public sealed class ServicesTests
{
    private const string Call = "curl -sS --max-time 20 -o /dev/null -w '%{http_code}' http://192.188.200.57:9000/os-release";

    [Fact]
    public async Task Start_OfTheMachine_SetsTheRulesBeforeTheNetworkAndTheSidecar()
    {
        Machine.Require();
        using var programs = new PublishedPrograms();
        // The number of the sidecar's user may have been taken.
        await using var machine = await Machine.StartAsync(
            $"useradd --uid 1337 someone; systemd/install frontend --program {programs.Sidecar} 2>&1; systemctl add-wants multi-user.target network.target");
        await Eventually.TrueAsync(async () => (await machine.ResultAsync("curl -sS --fail http://127.0.0.1:15021/readyz")).ExitCode == 0);

        Assert.Equal("active\nactive\n", await machine.RunAsync("systemctl is-active sidecar sidecar-iptables"));
        var user = (await machine.RunAsync("id -u sidecar")).Trim();
        Assert.NotEqual("1337", user);
        Assert.Contains($"--uid-owner {user} -j RETURN", await machine.RunAsync("iptables -t nat -S"), StringComparison.Ordinal);
        await machine.RunAsync(". /etc/sidecar/iptables; /usr/local/lib/sidecar/sidecar-iptables check $RULES");
        var rules = await TimeAsync("sidecar-iptables.service", "ActiveEnterTimestampMonotonic");
        Assert.InRange(rules, 1, await TimeAsync("network-pre.target", "ActiveEnterTimestampMonotonic"));
        Assert.InRange(rules, 1, await TimeAsync("sidecar.service", "ExecMainStartTimestampMonotonic"));

        async Task<long> TimeAsync(string unit, string property) => long.Parse(await machine.ShowAsync(unit, property), CultureInfo.InvariantCulture);
    }

    [Fact]
    public async Task Sidecar_HasNoRightThatItsUnitDenies()
    {
        Machine.Require();
        using var programs = new PublishedPrograms();
        await using var machine = await Machine.StartAsync();
        await machine.RunAsync($"systemd/install frontend --program {programs.Sidecar}; systemd/install oracle --program {programs.Oracle}");

        foreach (var (unit, user) in new[] { ("sidecar", "sidecar"), ("oracle", "sidecar-oracle") })
        {
            var process = await machine.ShowAsync(unit, "MainPID");
            var status = await machine.RunAsync($"cat /proc/{process}/status; cat /proc/{process}/limits");

            Assert.Equal(user, (await machine.RunAsync($"ps -o user:20= -p {process}")).Trim());
            Assert.Contains("\nCapBnd:\t0000000000000000\n", status, StringComparison.Ordinal);
            Assert.Contains("\nCapEff:\t0000000000000000\n", status, StringComparison.Ordinal);
            Assert.Contains("\nNoNewPrivs:\t1\n", status, StringComparison.Ordinal);
            Assert.Contains("\nSeccomp:\t2\n", status, StringComparison.Ordinal);
            Assert.Matches($@"\nMax open files +{Math.Min(unit == "sidecar" ? 65536 : 16384, await OpenFilesAsync(machine))} ", status);
            Assert.Equal("0", await machine.ShowAsync(unit, "NRestarts"));
            // It can write only its own files, and sees no other user's.
            Assert.NotEqual(0, (await machine.ResultAsync($"nsenter --target {process} --mount touch /usr/local/x")).ExitCode);
            Assert.NotEqual("", await machine.RunAsync("touch /root/private; ls /root"));
            Assert.Equal("", await machine.RunAsync($"nsenter --target {process} --mount ls /root"));
            Assert.Equal(ProgramProcess.IsNative(unit == "sidecar" ? "Sidecar" : "Oracle") ? "yes" : "no", await machine.ShowAsync(unit, "MemoryDenyWriteExecute"));
        }
    }

    // Where the tests run without CAP_SYS_RESOURCE, a unit gets no more.
    private static async Task<int> OpenFilesAsync(Machine machine) =>
        int.Parse((await machine.RunAsync("awk '/^Max open files/ { print $5 == \"unlimited\" ? 1048576 : $5 }' /proc/1/limits")).Trim(), CultureInfo.InvariantCulture);

    [Fact]
    public async Task WhileTheSidecarDoesNotRun_ConnectionsAreRefused()
    {
        Machine.Require("python3");
        using var programs = new PublishedPrograms();
        var (frontend, backend) = await Machine.StartPairAsync();
        await using var _ = frontend;
        await using var __ = backend;
        await backend.RunAsync("systemd-run --quiet --unit=service --property=DynamicUser=yes python3 -m http.server 9000 --directory /usr/lib");
        await backend.RunAsync($"systemd/install backend --program {programs.Sidecar}");
        // Without rules and sidecar: plain bytes to the backend's machine, which refuses them.
        Assert.NotEqual(0, (await frontend.ResultAsync(Call)).ExitCode);
        await frontend.RunAsync($"systemd/install frontend --program {programs.Sidecar}");
        var rules = await frontend.RunAsync("iptables -t nat -S");
        await WorksAsync();

        // Killed: systemd starts it again.
        await frontend.RunAsync("systemctl kill --signal=KILL sidecar");
        await RefusesAsync();
        await WorksAsync();
        Assert.Equal("1", await frontend.ShowAsync("sidecar", "NRestarts"));

        // Stopped.
        await frontend.RunAsync("systemctl stop sidecar");
        await RefusesAsync();
        await frontend.RunAsync("systemctl start sidecar");
        await WorksAsync();

        // Restarted with a wrong configuration: it stays down, until someone has put it right.
        await frontend.RunAsync("echo 'speed: fast' >> /etc/sidecar/sidecar.yaml; systemctl restart sidecar");
        await Eventually.TrueAsync(async () => await frontend.ShowAsync("sidecar", "ActiveState") == "failed");
        Assert.Equal("2", await frontend.ShowAsync("sidecar", "ExecMainStatus"));
        await RefusesAsync();
        Assert.NotEqual(0, (await frontend.ResultAsync("Sidecar check --config /etc/sidecar/sidecar.yaml")).ExitCode);
        await frontend.RunAsync("sed -i '/speed/d' /etc/sidecar/sidecar.yaml; Sidecar check --config /etc/sidecar/sidecar.yaml; systemctl restart sidecar");
        await WorksAsync();

        Assert.Equal(rules, await frontend.RunAsync("iptables -t nat -S"));
        await frontend.RunAsync("systemctl stop sidecar-iptables");
        Assert.DoesNotContain("SIDECAR", await frontend.RunAsync("iptables-save; ip6tables-save"), StringComparison.Ordinal);
        // Rules that cannot be set leave none behind, and what requires them does not start.
        await frontend.RunAsync("sed -i 's/45000/0/' /etc/sidecar/iptables");
        Assert.NotEqual(0, (await frontend.ResultAsync(
            "systemd-run --unit=application --property=Requires=sidecar-iptables.service --property=After=sidecar-iptables.service touch /started")).ExitCode);
        Assert.NotEqual(0, (await frontend.ResultAsync("ls /started")).ExitCode);
        Assert.DoesNotContain("SIDECAR", await frontend.RunAsync("iptables-save"), StringComparison.Ordinal);
        await frontend.RunAsync("sed -i 's/port 0 /port 45000 /' /etc/sidecar/iptables; systemctl start sidecar-iptables");
        await WorksAsync();

        Task<string> WorksAsync() => frontend.RunAsync($"for try in {{1..100}}; do [[ $({Call}) != 200 ]] || exit 0; sleep 0.1; done; exit 1");

        async Task RefusesAsync() => Assert.True((await frontend.ResultAsync(Call)).ExitCode is 7 or 56);
    }

    [Fact]
    public async Task Upgrade_RestartsOnceAndKeepsTheConfiguration()
    {
        Machine.Require();
        using var programs = new PublishedPrograms();
        await using var machine = await Machine.StartAsync();
        var install = $"systemd/install frontend --program {programs.Sidecar}";
        await machine.RunAsync(install);
        await machine.RunAsync("echo '# mine' >> /etc/sidecar/sidecar.yaml");
        var first = await machine.ShowAsync("sidecar", "MainPID");
        var rules = await machine.ShowAsync("sidecar-iptables", "ActiveEnterTimestampMonotonic");

        await machine.RunAsync(install);
        Assert.Equal(first, await machine.ShowAsync("sidecar", "MainPID"));
        // Bytes behind its end do not change a native build.
        var changed = ProgramProcess.IsNative("Sidecar") ? "Sidecar" : "new.txt";
        await machine.RunAsync($"cp -r {programs.Sidecar} /new; echo more >> /new/{changed}; systemd/install frontend --program /new");
        var second = await machine.ShowAsync("sidecar", "MainPID");
        await machine.RunAsync("systemd/install frontend --program /new");

        Assert.NotEqual(first, second);
        Assert.Equal(second, await machine.ShowAsync("sidecar", "MainPID"));
        Assert.Equal(rules, await machine.ShowAsync("sidecar-iptables", "ActiveEnterTimestampMonotonic"));
        Assert.EndsWith("# mine\n", await machine.RunAsync("cat /etc/sidecar/sidecar.yaml"), StringComparison.Ordinal);
        await machine.RunAsync("systemctl reload sidecar sidecar-iptables");
        Assert.Equal(second, await machine.ShowAsync("sidecar", "MainPID"));
    }
}
