using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Testing;
using Xunit;

namespace Sidecar.Tests.EndToEnd.Documentation;

/// <summary>
/// Runs documented commands as they stand, in the repository's folder: with a network of its own, and with a layer over the files
/// that takes all that is written. All of it, and every process in it, ends with this object.
/// </summary>
internal sealed partial class DocumentShell : IAsyncDisposable
{
    // The longest builds and plays a video; a loaded machine needs the room.
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    private readonly ProgramProcess _holder;
    private readonly int _inside;

    private DocumentShell(ProgramProcess holder, int inside)
    {
        _holder = holder;
        _inside = inside;
    }

    /// <summary>Skips the test where this is not possible.</summary>
    public static void Require() => RootTools.Require("unshare", "nsenter", "ss", "conntrack", "jq", "python3");

    public static async Task<DocumentShell> StartAsync()
    {
        // A tmpfs, because the file system of /tmp may be a layer itself, which none can be written to.
        const string Script = """
            mount -t tmpfs none /mnt && mkdir /mnt/written /mnt/work &&
            mount -t overlay overlay -o "lowerdir=$0,upperdir=/mnt/written,workdir=/mnt/work" "$0" &&
            ip link set lo up && echo ready && exec sleep infinity
            """;
        var holder = ProgramProcess.StartCommand(
            "unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "bash", "-c", Script, Repository.Root);
        await Eventually.TrueAsync(() => holder.Output.Count > 0 || holder.HasEnded, () => string.Join('\n', holder.Errors));
        Assert.True(holder.Output.Count > 0, string.Join('\n', holder.Errors));
        return new DocumentShell(holder, ChildOf(holder.Id));
    }

    /// <summary>Runs the block of a document that begins in a line, in a shell of its own.</summary>
    public static async Task RunAsync(string document, int line)
    {
        Require();
        await using var shell = await StartAsync();
        await shell.RunAsync(FencedBlock.All.Single(block => block.Document == document && block.Line == line));
    }

    /// <summary>Runs a block's commands in order, each to its end, or until it says that it listens and is told to stop.</summary>
    public async Task RunAsync(FencedBlock block)
    {
        foreach (var command in block.Commands.Where(command => !command.IsAlias && !Elsewhere.Has(command)))
            await RunAsync(block, command);
    }

    public async ValueTask DisposeAsync() => await _holder.DisposeAsync();

    private async Task RunAsync(FencedBlock block, DocumentedCommand command)
    {
        await WriteFilesAsync(block, command);
        var scene = Scene.All.GetValueOrDefault(command.Text);
        var word = scene is null ? null : (await RunAsync(scene.Before)).Output is [.., var last] ? last : null;
        await using var process = Start(word is null ? command.Line : command.Line.Replace(Scene.Placeholder, word, StringComparison.Ordinal));
        if (scene?.Meanwhile is { } meanwhile)
        {
            await Eventually.TrueAsync(() => process.Output.Count > 0 || process.HasEnded, command.Line);
            await RunAsync(meanwhile);
        }

        await Eventually.TrueAsync(() => process.HasEnded || Says(process, Listens()), () => Told(command, process), Limit);
        if (!process.HasEnded)
            // The command is the child of a shell, and that the child of nsenter.
            await RunAsync($"kill -TERM {InnerId(ChildOf(ChildOf(process.Id)))}");
        var code = await process.ExitCodeAsync(Limit);

        Assert.True(code == 0, $"exit code {code}: {Told(command, process)}");
        if (command.Output.Count > 0)
            Assert.Equal(
                DocumentedCommand.Shape(command.Output),
                DocumentedCommand.Shape(process.Output.Select(line => word is null ? line : line.Replace(word, Scene.Placeholder, StringComparison.Ordinal))));
    }

    // A file that a command names as its configuration: the last that the document shows before it, or the first behind it.
    private async Task WriteFilesAsync(FencedBlock block, DocumentedCommand command)
    {
        var shown = FencedBlock.All.Where(other => other.Language == "yaml" && other.Document == block.Document).ToList();
        foreach (var name in ConfigurationFile().Matches(command.Text).Select(match => match.Groups["name"].Value).Distinct())
            await WriteAsync(name, (shown.LastOrDefault(other => other.Line < block.Line) ?? shown.First()).Text);
        if (command.Text.EndsWith(" exchanges.json", StringComparison.Ordinal))
        {
            var record = FencedBlock.All.First(other => other is { Language: "json", Document: "docs/observation.md" });
            await WriteAsync("exchanges.json", JsonNode.Parse(record.Text)!.ToJsonString() + "\n");
        }
    }

    private Task<ProgramProcess> WriteAsync(string name, string text) => RunAsync($"base64 -d <<< {Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(text))} > {name}");

    private async Task<ProgramProcess> RunAsync(string script)
    {
        await using var process = Start("set -e\n" + script);
        var code = await process.ExitCodeAsync(Limit);
        Assert.True(code == 0, $"'{script}': exit code {code}\n{string.Join('\n', process.Errors)}");
        return process;
    }

    private ProgramProcess Start(string script)
    {
        // exit: else bash would become the last command, where it can.
        string[] lines =
        [
            $"cd '{Repository.Root}' && exec < /dev/null", "shopt -s expand_aliases", "set -o pipefail",
            .. FencedBlock.All.SelectMany(block => block.Commands).Where(command => command.IsAlias).Select(command => command.Line),
            script, "exit $?",
        ];
        return ProgramProcess.StartCommand(
            "nsenter", "--target", _inside.ToString(CultureInfo.InvariantCulture), "--net", "--mount", "--pid", "bash", "-c", string.Join('\n', lines));
    }

    private static bool Says(ProgramProcess process, Regex regex) => process.Errors.Concat(process.Output).Any(line => regex.IsMatch(line));

    private static string Told(DocumentedCommand command, ProgramProcess process) =>
        $"{command.Line}\n{string.Join('\n', process.Output.Concat(process.Errors).TakeLast(20))}";

    private static int ChildOf(int process) => int.Parse(File.ReadAllText($"/proc/{process}/task/{process}/children").Split(' ')[0]);

    // "NSpid: 4711 17": the id outside, and the one that its own namespace knows.
    private static string InnerId(int process) =>
        File.ReadLines($"/proc/{process}/status").First(line => line.StartsWith("NSpid:", StringComparison.Ordinal)).Split('\t')[^1];

    [GeneratedRegex(@"--(config|policy) (?<name>\S+)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex ConfigurationFile();

    // Sidecar, Sidecar observe, Oracle, video service, demo.
    [GeneratedRegex("accepts on |Capturing from |are answered on |listens on |^Open http:", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Listens();
}
