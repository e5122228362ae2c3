using Sidecar.Benchmarks;
using Xunit;
using Xunit.Sdk;

namespace Sidecar.Tests.EndToEnd.Documentation;

/// <summary>Every command in a block of README.md, docs/ and the other documents for users works as it stands there.</summary>
public sealed class DocumentedCommandsTests
{
    /// <summary>The blocks with a command to run, by document and line; of equal ones the first.</summary>
    public static TheoryData<string, int> Blocks => [.. BlocksWhere(isDemo: false)];

    /// <summary>Those with the demo.</summary>
    public static TheoryData<string, int> DemoBlocks => [.. BlocksWhere(isDemo: true)];

    public static TheoryData<string> Steps => [.. Elsewhere.Steps];

    [Theory]
    [MemberData(nameof(Blocks))]
    public Task Commands_RunAsTheyStand(string document, int line) => DocumentShell.RunAsync(document, line);

    [Theory]
    [MemberData(nameof(Steps))]
    public void Step_StandsInTheTestScript(string command) =>
        Assert.Contains(Elsewhere.LinesOf("test"), line => Elsewhere.Runs(line, command));

    [Fact]
    public void Exceptions_AreCommandsOfTheDocuments()
    {
        var commands = FencedBlock.All.SelectMany(block => block.Commands).Select(command => command.Text).ToHashSet();

        Assert.DoesNotContain(Elsewhere.Steps.Concat(Elsewhere.Reasons.Keys).Concat(Scene.All.Keys), command => !commands.Contains(command));
    }

    [Fact]
    public void Measurements_AreUnderstood()
    {
        const string Prefix = "dotnet run -c Release --project Sidecar.Benchmarks -- ";
        var words = Elsewhere.Reasons.Keys.Where(command => command.StartsWith(Prefix, StringComparison.Ordinal)).Select(command => command[Prefix.Length..]).ToList();

        Assert.NotEmpty(words);
        Assert.All(words, line => Assert.Empty(BenchmarksCommand.Create(_ => Task.FromResult(0)).Parse(line).Errors));
    }

    [Theory]
    [InlineData("sh", "Sidecar --no-such-option")]
    [InlineData("sh", "no-such-program | cat")]
    [InlineData("sh", "Sidecar 45000 127.0.0.1 9000; exit 3")]
    [InlineData("", "$ printf hello | Sidecar transform '(xor 42)'", "hello")]
    [InlineData("", "$ printf hello", "hello", "more")]
    public async Task Commands_ThatDoNotDoAsShown_Fail(string language, params string[] lines)
    {
        DocumentShell.Require();
        await using var shell = await DocumentShell.StartAsync();

        await Assert.ThrowsAnyAsync<XunitException>(() => shell.RunAsync(new FencedBlock("README.md", 1, language, lines)));
    }

    [Fact]
    public void Block_InAnotherLanguage_IsRefused() =>
        Assert.Throws<InvalidDataException>(() => FencedBlock.Read("README.md", ["```bash", "Sidecar --help", "```"]).ToList());

    private static IEnumerable<(string Document, int Line)> BlocksWhere(bool isDemo) =>
        from block in FencedBlock.All.DistinctBy(block => block.Text)
        where !Elsewhere.OnMachines.Contains(block.Document)
        where block.Commands.Any(command => !command.IsAlias && !Elsewhere.Has(command))
        where block.Commands.Any(command => command.Text.StartsWith("./demo", StringComparison.Ordinal)) == isDemo
        select (block.Document, block.Line);
}
