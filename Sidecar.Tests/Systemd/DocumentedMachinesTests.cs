using Sidecar.Tests.EndToEnd.Documentation;
using Testing;
using Xunit;

namespace Sidecar.Tests.Systemd;

/// <summary>
/// The commands of docs/virtual-machine.md and docs/upgrade.md, as they stand, on two machines with systemd. Only the published folder is
/// that of the build that is tested.
/// </summary>
[SystemTest]
public sealed class DocumentedMachinesTests
{
    private static readonly IReadOnlyList<FencedBlock> Pages =
        [.. Elsewhere.OnMachines.SelectMany(document => FencedBlock.All.Where(block => block.Document == document))];

    [Fact]
    public async Task Commands_RunAsTheyStand_InTheirOrder()
    {
        Machine.Require("tcpdump", "python3", "ss");
        using var programs = new PublishedPrograms();
        var (frontend, backend) = await Machine.StartPairAsync();
        await using var _ = frontend;
        await using var __ = backend;
        var blocks = MachineBlock.Read(Pages).ToList();
        ProgramProcess? meanwhile = null;

        // What removes it all stands before the other page.
        foreach (var block in blocks.Where(block => !block.Removes).Concat(blocks.Where(block => block.Removes)))
        {
            var machine = block.IsFrontend ? frontend : backend;
            if (block.IsMeanwhile)
            {
                meanwhile = machine.Start(Assert.Single(block.Commands).Line);
                await meanwhile.ErrorLineAsync("listening on");
                continue;
            }

            foreach (var command in block.Commands)
                await RunAsync(machine, command, programs);
            if (meanwhile is not null)
            {
                await ShowsOnlyTransformedBytesAsync(meanwhile);
                await meanwhile.DisposeAsync();
                meanwhile = null;
            }
        }

        foreach (var machine in new[] { frontend, backend })
            Assert.DoesNotContain("SIDECAR", await machine.RunAsync("iptables-save; ip6tables-save"), StringComparison.Ordinal);
    }

    [Fact]
    public void EveryCommand_NamesItsMachine()
    {
        var blocks = MachineBlock.Read(Pages).ToList();

        Assert.True(blocks.Count > 15);
        Assert.Contains(blocks, block => block.IsMeanwhile);
        Assert.Equal(2, blocks.Count(block => block.Removes));
    }

    private static async Task RunAsync(Machine machine, DocumentedCommand command, PublishedPrograms programs)
    {
        var line = command.Text;
        if (line.StartsWith("systemd/install ", StringComparison.Ordinal) && line.Split(' ')[1] is var kind && kind != "uninstall")
            line += $" --program {programs.For(kind)}";
        // The journal has a line a moment after its program has written it.
        if (line.StartsWith("journalctl ", StringComparison.Ordinal))
            line = $"for try in {{1..100}}; do ! {line} || exit 0; sleep 0.1; done; exit 1";
        var output = await machine.RunAsync(line);

        if (command.Text.Contains("curl", StringComparison.Ordinal))
            Assert.NotEqual("", output.Trim());
        var program = command.Text.Contains("security --no-pager oracle", StringComparison.Ordinal) ? "Oracle" : "Sidecar";
        if (command.Output.Count > 0 && (!command.Text.StartsWith("systemd-analyze", StringComparison.Ordinal) || await IsVersionOfThePageAsync(machine)))
            Assert.Equal(DocumentedCommand.Shape(command.Output), DocumentedCommand.Shape(OfNativeBuild(output, program)));
    }

    // "GET" and "HTTP", each byte xored with 42, as the page says.
    private static async Task ShowsOnlyTransformedBytesAsync(ProgramProcess tcpdump)
    {
        Assert.Equal(0, await tcpdump.ExitCodeAsync());
        var shown = string.Join('\n', tcpdump.Output);
        Assert.Contains("mo~", shown, StringComparison.Ordinal);
        Assert.Contains("b~~z", shown, StringComparison.Ordinal);
        Assert.DoesNotContain("GET", shown, StringComparison.Ordinal);
        Assert.DoesNotContain("HTTP", shown, StringComparison.Ordinal);
    }

    private static async Task<bool> IsVersionOfThePageAsync(Machine machine) =>
        (await machine.RunAsync("systemctl --version")).StartsWith("systemd 252 ", StringComparison.Ordinal);

    // The page shows native builds; the others run in a process named after their host, and may make machine code.
    private static IEnumerable<string> OfNativeBuild(string output, string program) => output
        .Replace("\"dotnet\"", "\"Sidecar\"", StringComparison.Ordinal).Split('\n')
        .Where(line => ProgramProcess.IsNative(program) || !line.Contains("MemoryDenyWriteExecute", StringComparison.Ordinal));
}
