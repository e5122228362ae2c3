using Testing;
using Xunit;

namespace Sidecar.Tests.Interception;

/// <summary>apply, remove and check: repeated, replaced, failing half-way, on hosts without IPv6.</summary>
public sealed class ApplyTests
{
    private static readonly string[] Both = ["--outbound-port", "45000", "--inbound-port", "45001"];

    [Theory]
    [InlineData("nft")]
    [InlineData("legacy")]
    public async Task Apply_Repeated_LeavesOneSetAndNothingElse(string backend)
    {
        await using var space = await RuleSpace.CreateAsync(backend);
        await space.Space.RunAsync($"iptables-{backend} -t nat -A OUTPUT -p tcp -d 192.0.2.1 -j RETURN; iptables-{backend} -t filter -A INPUT -s 192.0.2.2 -j DROP");
        var untouched = await space.StateAsync();

        await space.DoesAsync(["apply", .. Both]);
        var once = await space.StateAsync();
        await space.DoesAsync(["apply", .. Both]);
        var twice = await space.StateAsync();
        await space.DoesAsync(["apply", "--inbound-port", "46001", "--no-ipv6"]);
        var other = await space.StateAsync();
        await space.DoesAsync("remove");
        var removed = await space.StateAsync();
        await space.DoesAsync("remove");

        Assert.Contains("::6:0:0/128", once, StringComparison.Ordinal);
        Assert.Equal(once, twice);
        Assert.DoesNotContain("45000", other, StringComparison.Ordinal);
        Assert.DoesNotContain("SIDECAR_REDIRECT_OUT", other, StringComparison.Ordinal);
        Assert.DoesNotContain("::6", other, StringComparison.Ordinal);
        Assert.Equal(untouched, removed);
        Assert.DoesNotContain("SIDECAR", await space.Space.RunAsync($"iptables-{backend}-save; ip6tables-{backend}-save"), StringComparison.Ordinal);
        Assert.Equal(untouched, await space.StateAsync());
    }

    [Theory]
    [InlineData("nft", "iptables")]
    [InlineData("nft", "ip6tables")]
    [InlineData("legacy", "iptables")]
    [InlineData("legacy", "ip6tables")]
    public async Task Apply_ThatFailsInAStep_LeavesAllAsItWas(string backend, string broken)
    {
        await using var space = await RuleSpace.CreateAsync(backend);
        using var folder = new TempFolder();
        // The first call of the family's restore fails; those that set the rules back work.
        var real = $"/usr/sbin/{broken}-{backend}-restore";
        var wrapper = folder.Write($"{broken}-{backend}-restore", $"""
            #!/bin/sh
            [ -e {folder.File("failed")} ] && exec {real} "$@"
            touch {folder.File("failed")}
            echo "the kernel says no" >&2
            exit 4
            """);
        await space.Space.RunAsync($"chmod 755 {wrapper}");
        foreach (string[] earlier in (string[][])[[], ["apply", "--outbound-port", "46000"]])
        {
            if (earlier.Length > 0)
                await space.DoesAsync(earlier);
            var before = await space.StateAsync();
            File.Delete(folder.File("failed"));

            var result = await SidecarIptables.RunAsync(
                ["ip", "netns", "exec", space.Space.Name, "env", $"PATH={folder.Root}:/usr/sbin:/usr/bin:/sbin:/bin"], ["apply", .. Both, "--backend", backend]);

            Assert.Equal(1, result.Code);
            Assert.Contains($"{broken}-{backend}-restore failed: the kernel says no\n", result.Errors, StringComparison.Ordinal);
            Assert.Contains("the rules are as before", result.Errors, StringComparison.Ordinal);
            Assert.Equal(before, await space.StateAsync());
        }
    }

    [Theory]
    [InlineData("nft")]
    [InlineData("legacy")]
    public async Task Check_NamesWhatIsMissingOrToo(string backend)
    {
        await using var space = await RuleSpace.CreateAsync(backend);
        await FindsAsync("iptables", ": missing: nat -A OUTPUT -p tcp -j SIDECAR_OUTPUT");
        await space.DoesAsync(["apply", .. Both]);

        await space.Space.RunAsync($"ip6tables-{backend} -t nat -D SIDECAR_OUTPUT -d ::1 -j RETURN");
        await FindsAsync("ip6tables", ": missing: nat -A SIDECAR_OUTPUT -d ::1/128 -j RETURN");
        await space.DoesAsync(["apply", .. Both]);
        await space.Space.RunAsync($"iptables-{backend} -t nat -I SIDECAR_INBOUND -j RETURN");
        await FindsAsync("iptables", ": not expected: nat -A SIDECAR_INBOUND -j RETURN");
        await space.DoesAsync(["apply", .. Both]);
        await space.Space.RunAsync($"iptables-{backend} -t nat -A OUTPUT -p tcp -j SIDECAR_OUTPUT");
        await FindsAsync("iptables", ": not expected: nat -A OUTPUT -p tcp -j SIDECAR_OUTPUT");
        await space.DoesAsync(["apply", .. Both]);
        foreach (var taken in new[] { "address delete ::6:0:0/128 dev lo", "-6 route delete local ::6:0:0/120 dev lo" })
        {
            await space.Space.RunAsync($"ip {taken}");
            Assert.Contains("lo: ::6:0:0/120 is missing", (await space.RunAsync(["check", .. Both])).Errors, StringComparison.Ordinal);
            await space.DoesAsync(["apply", .. Both]);
        }

        await space.DoesAsync(["check", .. Both]);

        async Task FindsAsync(string tables, string difference)
        {
            var result = await space.RunAsync(["check", .. Both]);
            Assert.Equal(1, result.Code);
            Assert.Contains($"{tables}-{backend}{difference}\n", result.Errors, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("nft", "legacy")]
    [InlineData("legacy", "nft")]
    public async Task RulesOfTheOtherBackend_AreNamedByEveryAction(string backend, string other)
    {
        await using var space = await RuleSpace.CreateAsync(backend);
        await using var _ = await RuleSpace.CreateAsync(other);
        await OtherDoesAsync(["apply", .. Both]);
        var before = await space.StateAsync();

        await NamesAsync(["apply", .. Both], "nothing was changed, and ");
        Assert.Equal(before, await space.StateAsync());
        await NamesAsync(["check", .. Both], "");
        await NamesAsync(["remove", "--dry-run"], "");
        await NamesAsync(["remove"], "they were left alone, and ");
        await OtherDoesAsync(["check", .. Both]);

        // Rules of both, as an upgrade of the system leaves them: each remove takes its own away.
        var rules = await space.Space.RunAsync($"iptables-{other}-save");
        await OtherDoesAsync(["remove"]);
        await space.DoesAsync(["apply", .. Both]);
        await space.Space.RunAsync($"iptables-{other}-restore <<'TEXT'\n{rules}\nTEXT");
        await NamesAsync(["check", .. Both], "");
        await NamesAsync(["remove"], "they were left alone, and ");
        Assert.DoesNotContain("SIDECAR", await space.StateAsync(), StringComparison.Ordinal);
        Assert.Contains("::6:0:0/128", await space.StateAsync(), StringComparison.Ordinal);
        await OtherDoesAsync(["remove"]);
        await space.DoesAsync("remove");
        Assert.DoesNotContain("::6", await space.StateAsync(), StringComparison.Ordinal);

        async Task OtherDoesAsync(IEnumerable<string> words) =>
            Assert.Equal(new ScriptResult(0, "", ""), await SidecarIptables.RunAsync(["ip", "netns", "exec", space.Space.Name], [.. words, "--backend", other]));

        async Task NamesAsync(IEnumerable<string> words, string done)
        {
            var result = await space.RunAsync(words);
            Assert.Equal(1, result.Code);
            Assert.Contains($"sidecar-iptables: iptables-{other}: nat -A OUTPUT -p tcp -j SIDECAR_OUTPUT\n", result.Errors, StringComparison.Ordinal);
            Assert.EndsWith($"these are rules of the {other} backend; {done}'remove --backend {other}' takes them away\n", result.Errors, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Apply_WithTheSystemsBackend_FindsTheOther()
    {
        await using var space = await RuleSpace.CreateAsync("legacy");
        await using var _ = await RuleSpace.CreateAsync("nft");
        var system = (await space.Space.RunAsync("iptables -V")).Contains("nf_tables", StringComparison.Ordinal) ? "nft" : "legacy";
        var other = system == "nft" ? "legacy" : "nft";
        string[] launcher = ["ip", "netns", "exec", space.Space.Name];

        Assert.Equal(0, (await SidecarIptables.RunAsync(launcher, ["apply", .. Both, "--backend", system])).Code);
        Assert.Equal(0, (await SidecarIptables.RunAsync(launcher, ["apply", .. Both])).Code);
        Assert.Equal(0, (await SidecarIptables.RunAsync(launcher, ["remove"])).Code);
        Assert.Equal(0, (await SidecarIptables.RunAsync(launcher, ["apply", .. Both, "--backend", other])).Code);

        foreach (string[] words in (string[][])[["apply", .. Both], ["check", .. Both], ["remove"]])
        {
            var result = await SidecarIptables.RunAsync(launcher, words);
            Assert.Equal(1, result.Code);
            Assert.Contains($"'remove --backend {other}' takes them away\n", result.Errors, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Apply_AtOnce_EndsAsOneOfThem()
    {
        await using var space = await RuleSpace.CreateAsync("nft");

        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => space.DoesAsync(["apply", .. Both])));

        await space.DoesAsync(["check", .. Both]);
    }

    [Fact]
    public async Task Apply_WhereIPv6IsOff_SaysSoAndSetsIPv4()
    {
        await using var space = await RuleSpace.CreateAsync("nft");
        await space.Space.RunAsync("echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6");

        var result = await space.RunAsync(["apply", .. Both]);

        Assert.Equal((0, "sidecar-iptables: IPv6 is left alone: IPv6 is disabled on loopback\n"), (result.Code, result.Errors));
        Assert.Contains("45000", await space.RulesAsync(4), StringComparison.Ordinal);
        Assert.Equal("", await space.RulesAsync(6));
        Assert.Equal(0, (await space.RunAsync(["check", .. Both])).Code);
        await space.DoesAsync(["apply", .. Both, "--no-ipv6"]);
    }

    [Fact]
    public async Task Apply_WhereLoopbackIsDown_SaysWhatToDo()
    {
        await using var space = await RuleSpace.CreateAsync("nft");
        await space.Space.RunAsync("ip link set lo down");
        var before = await space.StateAsync();

        var result = await space.RunAsync(["apply", .. Both]);

        Assert.Equal(
            new ScriptResult(1, "", "sidecar-iptables: lo is down, so it cannot have ::6:0:0/120: ip link set lo up\nsidecar-iptables: apply failed; the rules are as before\n"),
            result);
        Assert.Equal(before, await space.StateAsync());
        await space.Space.RunAsync("ip link set lo up");
        await space.DoesAsync(["apply", .. Both]);
        await space.DoesAsync(["check", .. Both]);
    }

    [Fact]
    public async Task Apply_WithoutIp6tables_SaysSoAndSetsIPv4()
    {
        await using var space = await RuleSpace.CreateAsync("nft");
        using var folder = new TempFolder();

        // "ip netns exec" gives the command a mount table of its own, in which the folder of the tools can lose some.
        var said = await space.Space.RunAsync($"""
            cp -a /usr/sbin/xtables-nft-multi /usr/sbin/iptables-nft* /usr/sbin/ip {folder.Root}
            mount --bind {folder.Root} /usr/sbin
            {SidecarIptables.Script} apply {string.Join(' ', Both)} --backend nft 2>&1
            """);

        Assert.Equal("sidecar-iptables: IPv6 is left alone: ip6tables-nft-restore is missing\n", said);
        Assert.Contains("45000", await space.RulesAsync(4), StringComparison.Ordinal);
    }
}
