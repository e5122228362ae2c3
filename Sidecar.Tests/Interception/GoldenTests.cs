using Xunit;

namespace Sidecar.Tests.Interception;

/// <summary>The rules for a table of options: as printed, and as each backend of the kernel has them.</summary>
public sealed class GoldenTests
{
    private static readonly Dictionary<string, string> Options = new(StringComparer.Ordinal)
    {
        ["both"] = "--outbound-port 45000 --inbound-port 45001",
        ["outbound"] = "--outbound-port 45000",
        ["inbound"] = "--inbound-port 45001",
        ["no-ipv6"] = "--outbound-port 45000 --inbound-port 45001 --no-ipv6 --keep-invalid",
        ["users"] = "--outbound-port 45000 --inbound-port 45001 --exclude-uids root,1337,1338 --exclude-gids 0,1340",
        ["ports"] = "--outbound-port 45000 --outbound-ports 9000,80,8000:8999 --exclude-outbound-ports 8080:8080,8090 "
            + "--inbound-port 45001 --inbound-ports all --exclude-inbound-ports 22,7000:7009",
        ["many-ports"] = "--inbound-port 45001 --inbound-ports 1,2,3,4,5,6,7,8,9,10,11,12,13,14:15,16,17 "
            + "--exclude-inbound-ports 101,102,103,104,105,106,107,108,109,110,111,112,113,114,115,116",
        ["networks"] = "--outbound-port 45000 --outbound-cidrs 10.1.2.3/8,192.168.7.7,FD00:0:0:0:1::5/64 --exclude-outbound-cidrs 10.96.0.0/12,fd00:0:0:1::/127 "
            + "--inbound-port 45001 --inbound-cidrs 0.0.0.0/0 --exclude-inbound-cidrs ::/0,172.16.5.4/30,::ffff:a00:1,::a00:1,1:0:0:2::3",
    };

    public static TheoryData<string> Names => [.. Options.Keys];

    public static TheoryData<string, string> NamesAndBackends => [.. from name in Options.Keys from backend in RuleSpace.Backends select (name, backend)];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task DryRun_PrintsTheRules(string name)
    {
        var result = await SidecarIptables.RunAsync(["apply", .. Options[name].Split(' '), "--dry-run"]);

        Assert.Equal("", result.Errors);
        Assert.Equal(0, result.Code);
        Assert.Equal(await GoldenAsync(name), result.Output);
    }

    [Theory]
    [InlineData("nft")]
    [InlineData("legacy")]
    public async Task DryRun_NamesTheBackendsPrograms(string backend)
    {
        var result = await SidecarIptables.RunAsync(["apply", .. Options["both"].Split(' '), "--dry-run", "--backend", backend]);

        Assert.Equal((await GoldenAsync("both")).Replace("tables-restore", $"tables-{backend}-restore", StringComparison.Ordinal), result.Output);
    }

    [Theory]
    [MemberData(nameof(NamesAndBackends))]
    public async Task Apply_MakesTheKernelHaveExactlyTheseRules(string name, string backend)
    {
        await using var space = await RuleSpace.CreateAsync(backend);
        string[] options = [.. Options[name].Split(' ')];

        await space.DoesAsync(["apply", .. options]);

        var families = (await GoldenAsync(name)).Split("# ip6tables-restore");
        Assert.Equal(RuleText.Normalise(families[0]), await space.RulesAsync(4));
        Assert.Equal(families.Length > 1 ? RuleText.Normalise(families[1]) : "", await space.RulesAsync(6));
        await space.DoesAsync(["check", .. options]);
    }

    private static Task<string> GoldenAsync(string name) => File.ReadAllTextAsync(
        Path.Combine(SidecarIptables.Folder, "..", "Sidecar.Tests", "Interception", "Golden", name + ".txt"), TestContext.Current.CancellationToken);
}
