using ByteFilters;
using Chassis;
using Chassis.Expressions;
using Chassis.Settings;
using Testing;
using Xunit;

namespace Sidecar.Tests.UserFilters;

/// <summary>What is wrong with a filter assembly is one line that names the setting.</summary>
public sealed class FilterAssemblyTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Read_ASampleAndANameThatUsesIt_KnowsBoth()
    {
        var language = Read($"filters: [{Sample}]\ntransforms: {{mine: (chain (rolling-xor 7) not)}}\n");

        Assert.Equal("(chain (rolling-xor 7) not)", language.Parse("mine").Text);
        Assert.Equal("(chain not (inverse (rolling-xor 7)))", language.Parse("mine").Inverse().Text);
        Assert.Equal("1:14: a first key 0..255 expected, got 256", Assert.ThrowsAny<FormatException>(() => language.Parse("(rolling-xor 256)")).Message);
    }

    [Fact]
    public void Read_AFileThatIsMissing_SaysSo() =>
        Assert.Equal($"{Origin(1, 0)} '{_folder.File("none.dll")}': there is no such file", Refusal(_folder.File("none.dll")));

    [Fact]
    public void Read_AFolder_SaysThatItIsNoFile() => Assert.EndsWith(": there is no such file", Refusal(_folder.Root), StringComparison.Ordinal);

    [Fact]
    public void Read_AFileThatIsNoAssembly_SaysSo() =>
        Assert.EndsWith(".dll': it is not a .NET assembly", Refusal(_folder.Write("text.dll", "not an assembly")), StringComparison.Ordinal);

    [Theory]
    [InlineData("public class Nothing { }")]
    [InlineData("internal class Hidden : TransformFilter { public override string Name => \"x\"; public override IReadOnlyList<TransformParameter> Parameters => null; public override ByteTransform Create(IReadOnlyList<TransformArgument> a) => null; public override ByteTransform CreateInverse(IReadOnlyList<TransformArgument> a) => null; }")]
    [InlineData("public abstract class Abstract : TransformFilter { }")]
    public void Read_AnAssemblyWithoutAFilter_SaysSo(string source) =>
        Assert.EndsWith("': no public class in it derives from TransformFilter", Refusal(UserFilter.Compile(_folder, source)), StringComparison.Ordinal);

    [Theory]
    [InlineData("\"xor\"", "xor: the language has this word already")]
    [InlineData("\"chain\"", "chain: the language has this word already")]
    [InlineData("\"\"", ": a name has 1 to 64 lower-case letters, digits and hyphens, a letter first")]
    [InlineData("\"Bad Name\"", "Bad Name: a name has 1 to 64 lower-case letters, digits and hyphens, a letter first")]
    [InlineData("null", "Bad: its name or its parameters are null")]
    [InlineData("throw new InvalidOperationException(\"no name\")", "Bad: it failed: no name")]
    public void Read_AFilterWithAWrongName_SaysWhy(string name, string reason) =>
        Assert.EndsWith($".dll': {reason}", Refusal(UserFilter.Compile(_folder, UserFilter.Source(name: name))), StringComparison.Ordinal);

    [Theory]
    [InlineData("throw new InvalidOperationException(\"two\\nlines\");", "Bad: it failed: two lines")]
    [InlineData("throw new Exception(\"\");", "Bad: it failed: Exception")]
    public void Read_AFilterWhoseConstructorThrows_SaysWhyInOneLine(string constructor, string reason) =>
        Assert.EndsWith($".dll': {reason}", Refusal(UserFilter.Compile(_folder, UserFilter.Source(constructor: constructor))), StringComparison.Ordinal);

    [Fact]
    public void Read_AFilterWithoutASuitableConstructor_SaysSo() => Assert.EndsWith(
        ".dll': Bad: a public constructor that takes nothing, and no type parameters, are expected",
        Refusal(UserFilter.Compile(_folder, UserFilter.Source().Replace("public Bad()", "public Bad(int number)", StringComparison.Ordinal))),
        StringComparison.Ordinal);

    [Fact]
    public void Read_AFilterWhoseConstructorsWantWhatIsMissing_SaysSo()
    {
        var other = UserFilter.Compile(_folder, "public class Other { }");
        var path = UserFilter.Compile(_folder, UserFilter.Source().Replace("public Bad()", "public Bad(Other other) { }\n public Bad()", StringComparison.Ordinal), other);
        File.Delete(other);

        Assert.Contains($".dll': Bad: it failed: Could not load file or assembly '{Path.GetFileNameWithoutExtension(other)}", Refusal(path), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "throw new FormatException(\"no\\nname\")", "Bad: it failed: no name")]
    [InlineData("throw new Speechless();", "\"bad\"", "Bad: it failed: Speechless")]
    [InlineData("", "throw new Speechless()", "Bad: it failed: Speechless")]
    public void Read_AFilterThatFailsInItsOwnWay_IsNamed(string constructor, string name, string reason) => Assert.EndsWith(
        $".dll': {reason}", Refusal(UserFilter.Compile(_folder, UserFilter.Speechless + UserFilter.Source(name: name, constructor: constructor))), StringComparison.Ordinal);

    [Theory]
    [InlineData("return \"two\\nlines\";", "two lines")]
    [InlineData("throw new Speechless();", "bad failed: Speechless")]
    public void Parse_WhenAFilterRefusesItsArguments_IsOneLine(string refuse, string reason)
    {
        var language = Read($"filters: [{UserFilter.Compile(_folder, UserFilter.Speechless + UserFilter.Source(refuse: $"if (arguments != null) {{ {refuse} }}"))}]\n");

        Assert.Equal($"1:2: {reason}", Assert.ThrowsAny<FormatException>(() => language.Parse("(bad)")).Message);
    }

    [Fact]
    public void Read_TwoFiltersOfOneName_NamesTheSecondAssembly()
    {
        var (first, second) = (UserFilter.Compile(_folder, UserFilter.Source()), UserFilter.Compile(_folder, UserFilter.Source()));

        // The names that use them are not at fault.
        var error = Assert.Throws<UsageException>(() => Read($"transforms: {{mine: (bad)}}\nfilters:\n  - {first}\n  - {second}\n"));

        Assert.Equal($"{Origin(4, 1)} '{second}': bad: the language has this word already", error.Message);
    }

    [Fact]
    public void Parse_WhenAFilterThrowsOverItsArguments_IsAnErrorOfTheExpression()
    {
        var language = Read($"filters: [{UserFilter.Compile(_folder, UserFilter.Source(refuse: "throw new Exception(\"nothing fits\");"))}]\n");

        Assert.Equal("1:6: bad failed: nothing fits", Assert.ThrowsAny<FormatException>(() => language.Parse("     bad")).Message);
    }

    private static string Sample => typeof(RollingXor.RollingXorFilter).Assembly.Location;

    private string Origin(int line, int index) => $"{_folder.File("sidecar.yaml")}:{line}: filters.{index}";

    private string Refusal(string path)
    {
        var message = Assert.Throws<UsageException>(() => Read($"filters: [\"{path}\"]\n")).Message;
        Assert.StartsWith(Origin(1, 0), message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
        return message;
    }

    private TransformLanguage Read(string yaml)
    {
        var settings = new SettingSet().Add(YamlSource.ReadFile(_folder.Write("sidecar.yaml", yaml), "--config"));
        var language = LanguageSettings.Read(settings, TransformLanguage.Default);
        settings.ThrowErrors();
        return language;
    }
}
