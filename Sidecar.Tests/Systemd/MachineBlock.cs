using Sidecar.Tests.EndToEnd.Documentation;

namespace Sidecar.Tests.Systemd;

/// <summary>A block of commands for one of the documented machines; its first line names the machine.</summary>
/// <param name="IsFrontend">For the frontend's machine, not the backend's.</param>
/// <param name="IsMeanwhile">It runs while the commands of the next block run.</param>
/// <param name="Commands">The commands.</param>
internal sealed record MachineBlock(bool IsFrontend, bool IsMeanwhile, IReadOnlyList<DocumentedCommand> Commands)
{
    private const string Frontend = "# on the frontend's machine";
    private const string Backend = "# on the backend's machine";
    private const string Meanwhile = ", meanwhile";

    /// <summary>Whether it removes what the other blocks have installed.</summary>
    public bool Removes => Commands.Any(command => command.Text.EndsWith(" uninstall", StringComparison.Ordinal));

    /// <summary>The blocks with commands among blocks of documents.</summary>
    /// <exception cref="InvalidDataException">A block names no machine.</exception>
    public static IEnumerable<MachineBlock> Read(IEnumerable<FencedBlock> blocks) => blocks.Where(HasCommands).Select(block =>
    {
        var first = block.Lines[0];
        var isMeanwhile = first.EndsWith(Meanwhile, StringComparison.Ordinal);
        var machine = isMeanwhile ? first[..^Meanwhile.Length] : first;
        return machine is Frontend or Backend
            ? new MachineBlock(machine == Frontend, isMeanwhile, new FencedBlock(block.Document, block.Line + 1, block.Language, [.. block.Lines.Skip(1)]).Commands)
            : throw new InvalidDataException($"{block.Document}:{block.Line}: '{first}': '{Frontend}' or '{Backend}' is expected");
    });

    private static bool HasCommands(FencedBlock block) =>
        block.Language == "sh" || block.Lines.Any(line => line.StartsWith("$ ", StringComparison.Ordinal));
}
