using Sidecar.Benchmarks;
using Xunit;
using Xunit.Sdk;

namespace Sidecar.Tests.EndToEnd.Documentation;

/// <summary>Every command in a block of README.md, docs/ and the other documents for users works as it stands there.</summary>
public sealed class DocumentedCommandsTests
{
    /// <summary>The blocks with a command to run, by document and line; of equal ones the first.</summary>
    public static TheoryData<string, int> Blocks =>
        [.. FencedBlock.All.Where(block => block.Commands.Any(command => !command.IsAlias && !Elsewhere.Has(command)))
            .DistinctBy(block => block.Text).Select(block => (block.Document, block.Line))];

    public static TheoryData<string> Steps => [.. Elsewhere.Steps];

    [Theory]
    [MemberData(nameof(Blocks))]
    public async Task Commands_RunAsTheyStand(string document, int line)
    {
        DocumentShell.Require();
        await using var shell = await DocumentShell.StartAsync();

        await shell.RunAsync(FencedBlock.All.Single(block => block.Document == document && block.Line == line));
    }

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
}
