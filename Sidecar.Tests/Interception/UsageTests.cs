using System.Xml.Linq;
using Testing;
using Xunit;

namespace Sidecar.Tests.Interception;

/// <summary>A wrong word ends the script before it has looked at anything: exit code 2, one line with option and value.</summary>
public sealed class UsageTests
{
    private const string Both = "apply --outbound-port 45000 --inbound-port 45001 ";

    [Theory]
    [InlineData("", "apply, remove or check")]
    [InlineData("start", "'start'")]
    [InlineData("apply", "--outbound-port or --inbound-port")]
    [InlineData("check", "--outbound-port or --inbound-port")]
    [InlineData("apply --outbound-port", "--outbound-port: a value")]
    [InlineData("apply --outbound-port 0", "--outbound-port '0'")]
    [InlineData("apply --outbound-port 65536", "--outbound-port '65536'")]
    [InlineData("apply --outbound-port 045", "--outbound-port '045'")]
    [InlineData("apply --outbound-port p1", "--outbound-port 'p1'")]
    [InlineData("apply --outbound-port=-1", "--outbound-port '-1'")]
    [InlineData("apply --inbound-port 15021", "--inbound-port '15021'")]
    [InlineData("apply --outbound-port 45000 --inbound-port 45000", "--inbound-port '45000'")]
    [InlineData("apply --outbound-port 45000 --inbound-ports 9000", "--inbound-ports '9000'")]
    [InlineData("apply --inbound-port 45001 --exclude-outbound-cidrs 10.0.0.0/8", "--exclude-outbound-cidrs '10.0.0.0/8'")]
    [InlineData(Both + "--exclude-uids nobody-of-this-name", "--exclude-uids 'nobody-of-this-name'")]
    [InlineData(Both + "--exclude-uids 4294967295", "--exclude-uids '4294967295'")]
    [InlineData(Both + "--exclude-uids 1337,", "--exclude-uids '1337,'")]
    [InlineData(Both + "--exclude-uids=", "--exclude-uids ''")]
    [InlineData(Both + "--exclude-gids -1", "--exclude-gids '-1'")]
    [InlineData(Both + "--outbound-ports 80:79", "--outbound-ports '80:79'")]
    [InlineData(Both + "--outbound-ports 80,all", "--outbound-ports 'all'")]
    [InlineData(Both + "--exclude-inbound-ports all", "--exclude-inbound-ports 'all'")]
    [InlineData(Both + "--inbound-ports 1:2:3", "--inbound-ports '1:2:3'")]
    [InlineData(Both + "--inbound-ports=", "--inbound-ports ''")]
    [InlineData(Both + "--inbound-cidrs 10.0.0.0/33", "--inbound-cidrs '10.0.0.0/33'")]
    [InlineData(Both + "--inbound-cidrs 10.0.0", "--inbound-cidrs '10.0.0'")]
    [InlineData(Both + "--inbound-cidrs 10.0.0.256", "--inbound-cidrs '10.0.0.256'")]
    [InlineData(Both + "--inbound-cidrs 10.0.0.1/", "--inbound-cidrs '10.0.0.1/'")]
    [InlineData(Both + "--outbound-cidrs fd00::/129", "--outbound-cidrs 'fd00::/129'")]
    [InlineData(Both + "--outbound-cidrs fd00::1::2", "--outbound-cidrs 'fd00::1::2'")]
    [InlineData(Both + "--outbound-cidrs 1:2:3:4:5:6:7", "--outbound-cidrs '1:2:3:4:5:6:7'")]
    [InlineData(Both + "--outbound-cidrs 1:2:3:4:5:6:7:8:9", "--outbound-cidrs '1:2:3:4:5:6:7:8:9'")]
    [InlineData(Both + "--outbound-cidrs fd00::12345", "--outbound-cidrs 'fd00::12345'")]
    [InlineData(Both + "--outbound-cidrs example.org", "--outbound-cidrs 'example.org'")]
    [InlineData(Both + "--outbound-cidrs $(id)", "--outbound-cidrs '$(id)'")]
    [InlineData(Both + "--backend pf", "--backend 'pf'")]
    [InlineData(Both + "--color", "--color")]
    [InlineData(Both + "--color red", "--color")]
    [InlineData(Both + "now", "'now'")]
    public async Task WrongWord_IsNamedInOneLine(string words, string named)
    {
        var result = await SidecarIptables.RunAsync(words.Split(' ', StringSplitOptions.RemoveEmptyEntries));

        Assert.Equal(2, result.Code);
        Assert.Empty(result.Output);
        var line = Assert.Single(result.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith("sidecar-iptables: ", line, StringComparison.Ordinal);
        Assert.Contains(named, line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--version")]
    [InlineData(Both + "--version")]
    public async Task Version_IsThatOfThePrograms(string words)
    {
        var programs = XDocument.Load(Path.Combine(Repository.Root, "Directory.Build.props")).Descendants("VersionPrefix").Single().Value;

        Assert.Equal(new ScriptResult(0, $"{programs}\n", ""), await SidecarIptables.RunAsync(words.Split(' ')));
    }

    [Theory]
    [InlineData("--outbound-ports", "80,443\n8080", "--outbound-ports $'80,443\\n8080'")]
    [InlineData("--exclude-outbound-ports", "80\r", "--exclude-outbound-ports $'80\\r'")]
    [InlineData("--inbound-ports", "80\t81", "--inbound-ports $'80\\t81'")]
    [InlineData("--exclude-inbound-ports", "\n80", "--exclude-inbound-ports $'\\n80'")]
    [InlineData("--outbound-cidrs", "10.0.0.0/8\nfd00::/8", "--outbound-cidrs $'10.0.0.0/8\\nfd00::/8'")]
    [InlineData("--exclude-outbound-cidrs", "10.0.0.0/8\n", "--exclude-outbound-cidrs $'10.0.0.0/8\\n'")]
    [InlineData("--inbound-cidrs", "\u001b10.0.0.0/8", "--inbound-cidrs $'\\E10.0.0.0/8'")]
    [InlineData("--exclude-inbound-cidrs", "10.0.0.0/8,\u007f", "--exclude-inbound-cidrs $'10.0.0.0/8,\\177'")]
    [InlineData("--exclude-uids", "1337\n1400", "--exclude-uids $'1337\\n1400'")]
    [InlineData("--exclude-gids", "0\n1", "--exclude-gids $'0\\n1'")]
    [InlineData("--backend", "nft\n", "--backend $'nft\\n'")]
    [InlineData("--outbound-port", "45000\n", "--outbound-port $'45000\\n'")]
    [InlineData("--exclude-uids=1337\n1400", null, "$'--exclude-uids=1337\\n1400'")]
    [InlineData("--no-ipv6\n", null, "$'--no-ipv6\\n'")]
    public async Task ControlCharacter_IsRefusedInOneLine(string option, string? value, string named)
    {
        string[] words = ["apply", "--outbound-port", "45000", "--inbound-port", "45001", option, .. value is null ? Array.Empty<string>() : [value], "--dry-run"];

        Assert.Equal(
            new ScriptResult(2, "", $"sidecar-iptables: {named}: control characters, such as line breaks, are not allowed\n"),
            await SidecarIptables.RunAsync(words));
        // The environment of a command has no other way in than the names of tools.
        var path = await SidecarIptables.RunAsync(["env", $"PATH={Environment.GetEnvironmentVariable("PATH")}:/tmp\n"], ["apply", "--outbound-port", "45000", "--dry-run"]);
        Assert.Equal((2, ""), (path.Code, path.Output));
        Assert.StartsWith("sidecar-iptables: PATH ", path.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Help_NamesEveryOptionThatTheDocumentExplains()
    {
        var help = await SidecarIptables.RunAsync("--help");

        Assert.Equal(0, help.Code);
        var options = help.Output.Split([' ', '\n', '|', ';'], StringSplitOptions.RemoveEmptyEntries)
            .Where(word => word.StartsWith("--", StringComparison.Ordinal)).Distinct().ToList();
        Assert.True(options.Count > 15);
        var document = await File.ReadAllTextAsync(Path.Combine(SidecarIptables.Folder, "..", "docs", "iptables.md"), TestContext.Current.CancellationToken);
        Assert.All(options, option => Assert.Contains($"`{option}", document, StringComparison.Ordinal));
    }
}
