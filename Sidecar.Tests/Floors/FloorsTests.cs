using Testing;
using Xunit;

namespace Sidecar.Tests.Floors;

/// <summary>The floors of ARCHITECTURE.md: no folder of the sidecar needs, over any number of others, one that needs it. There are no exceptions.</summary>
public sealed class FloorsTests
{
    private const string Root = nameof(Sidecar);

    private static readonly string Project = Path.Combine(Repository.Root, Root);

    private static readonly FolderGraph Floors = new(
        [.. FolderGraph.Compiled(typeof(ProxyPipeline).Assembly.GetTypes().Where(IsWritten), Root), .. FolderGraph.Written(Project, Root)]);

    [Fact]
    public void Folders_HaveNoCycle()
    {
        var cycle = Floors.ShortestCycle();

        Assert.True(cycle.Count == 0, "Folders of Sidecar/ need each other:\n" + string.Join('\n', cycle));
    }

    // Else the graph of namespaces would be none of folders.
    [Fact]
    public void Namespaces_AreFolders()
    {
        var elsewhere = SourceFile.All(Project).Where(file => file.Namespace is { } space && space != string.Join('.', [Root, .. file.Path]));

        Assert.Empty(elsewhere.Select(file => $"{file.Name} in {string.Join('/', file.Path)} says {file.Namespace}"));
    }

    [Theory]
    [InlineData("Net")]
    [InlineData("Options", "Net")]
    [InlineData("Connections", "Net", "Options")]
    public void GroundFloor_NeedsNothingElse(string folder, params string[] needed) => Assert.Equal(needed, Floors.NeedsOf(folder));

    [Fact]
    public void Drawing_HasEachFolderAboveWhatItUses()
    {
        var drawing = File.ReadAllLines(Path.Combine(Repository.Root, "ARCHITECTURE.md")).SkipWhile(line => line != "```").Skip(1).TakeWhile(line => line != "```").ToList();
        int FloorOf(string folder) => drawing.FindIndex(line => line.Split("  ", StringSplitOptions.TrimEntries).Contains(folder));

        Assert.All(Floors.Folders, folder => Assert.All([folder, .. Floors.NeedsOf(folder)], drawn => Assert.True(FloorOf(drawn) >= 0, $"{drawn} is not drawn")));
        Assert.All(Floors.Folders, folder => Assert.All(
            Floors.NeedsOf(folder), needed => Assert.True(FloorOf(needed) > FloorOf(folder), $"{folder} uses {needed}, which is drawn no lower")));
    }

    // A reading that finds nothing finds no cycle either.
    [Fact]
    public void Graph_HasWhatIsKnown()
    {
        Assert.Contains("Transport", Floors.NeedsOf("Relay"));
        Assert.Contains("Configuration", Floors.NeedsOf("Program"));
        Assert.Contains("Relay", Floors.NeedsOf(nameof(ProxyPipeline)));
    }

    // Not what code generators put into namespaces of their own.
    private static bool IsWritten(Type type) => type.Namespace is { } space ? space == Root || space.StartsWith(Root + ".", StringComparison.Ordinal) : type.Name == "Program";
}
