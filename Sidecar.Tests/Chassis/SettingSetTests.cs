using System.Collections;
using Chassis;
using Chassis.Settings;
using Xunit;

namespace Sidecar.Tests.Chassis;

public sealed class SettingSetTests
{
    private static readonly SettingOption[] Options = [new("--metrics-address", "metrics.address", "A", ""), new("--audit-log", "audit-log", "F", "")];

    [Fact]
    public void Read_SeveralLayers_LaterOnesWin()
    {
        var settings = new SettingSet()
            .Add([new("a", "1", "file"), new("b", "1", "file"), new("c", "1", "file")])
            .Add([new("b", "2", "env"), new("C", "2", "env")])
            .Add([new("c", "3", "--c")]);
        Assert.Equal([1, 2, 3, 4], "abcd".Select(key => settings.Read($"{key}", 4, int.Parse)));
    }

    [Fact]
    public void Read_WrongValue_NamesOriginValueAndReason()
    {
        var settings = new SettingSet().Add([new("a", "x", "oracle.yml:3: a")]);
        Assert.Equal(7, settings.Read("a", 7, Values.WholeNumber(1, 9)));
        Assert.Equal("oracle.yml:3: a 'x': a whole number 1 to 9 is expected", Error(settings));
    }

    [Fact]
    public void Read_WrongValueOfManyLines_IsOneLineWithItsStart()
    {
        var settings = new SettingSet().Add(YamlSource.Read(new StringReader($"a: |\n  one\n    two {new string('x', 5000)}\n"), "f"));
        settings.Read<int>("a", 0, _ => throw new FormatException("a reason\nof two lines"));
        Assert.Equal($"f:1: a 'one two {new string('x', 200 - "one\n  two ".Length)}…': a reason of two lines", Error(settings));
    }

    [Fact]
    public void ReadList_ElementsOrCommas_AreTheSame()
    {
        var elements = new SettingSet().Add(YamlSource.Read(new StringReader("l: [a, b, c, d, e, f, g, h, i, j, k]"), "f"));
        var commas = new SettingSet().Add([new("l", "a, b,c,d,e,f,g,h,i,j,,k", "--l")]);
        Assert.Equal("abcdefghijk", string.Concat(elements.ReadList("l", text => text)!));
        Assert.Equal("abcdefghijk", string.Concat(commas.ReadList("l", text => text)!));
        Assert.Null(commas.ReadList("none", text => text));
    }

    [Fact]
    public void Add_ListAndValueOfOneKey_LaterLayerReplacesTheEarlier()
    {
        Setting[] list = [new("l.0", "a", "file"), new("l.1", "b", "file")];
        Setting[] value = [new("l", "x", "env")];
        Assert.Equal(["x"], new SettingSet().Add(list).Add(value).ReadList("l", text => text)!);
        Assert.Equal(["a", "b"], new SettingSet().Add(value).Add(list).ReadList("l", text => text)!);
    }

    [Fact]
    public void ReadList_WrongElement_NamesItAlone()
    {
        var settings = new SettingSet().Add([new("l", "1,x", "--l")]);
        Assert.Equal([1], settings.ReadList("l", Values.WholeNumber(0, 9))!);
        Assert.Equal("--l 'x': a whole number 0 to 9 is expected", Error(settings));
    }

    [Theory]
    [InlineData("l:\n  - a\n  - [b, c]\n", "f:3: l.1.0 'b': l.1 takes one value, not a list or mapping")]
    [InlineData("l: [a, b: 80]\n", "f:1: l.1.b '80': l.1 takes one value, not a list or mapping")]
    [InlineData("l: ', ,'\n", "f:1: l ', ,': a value is missing")]
    public void ReadList_ElementThatIsNoValue_NamesItsLineAndKey(string yaml, string expected)
    {
        var settings = new SettingSet().Add(YamlSource.Read(new StringReader(yaml), "f"));
        settings.ReadList("l", text => text);
        Assert.Equal(expected, Error(settings));
    }

    [Theory]
    [InlineData("l.00")]
    [InlineData("l.+1")]
    [InlineData("l.-1")]
    [InlineData("l. 1")]
    [InlineData("l.99999999999")]
    public void ReadList_NumberInAnotherForm_IsNoElement(string key)
    {
        var settings = new SettingSet().Add([new(key, "a", "ENV")]);
        settings.ReadList("l", text => text);
        Assert.Equal("ENV 'a': l takes a list, not a mapping", Error(settings));
    }

    [Fact]
    public void FindAny_SettingsBelow_IsTheTopmost()
    {
        var settings = new SettingSet().Add([new("a", "", "1"), new("l.x.y", "", "2"), new("l.0", "", "3")]).Add([new("a", "", "4"), new("l.x.y.z", "", "5")]);
        Assert.Equal(("3", "4", null), (settings.FindAny("l")?.Origin, settings.FindAny("a")?.Origin, settings.FindAny("b")?.Origin));
    }

    [Fact]
    public void RefuseUnknown_MisspeltKey_SuggestsTheNearest()
    {
        var settings = new SettingSet().Add([new("metrics.adress", "1", "f:2: metrics.adress")]);
        settings.Find("metrics.address");
        settings.Find("listen");
        settings.RefuseUnknown();
        Assert.Equal("f:2: metrics.adress: unknown key; the nearest known one is metrics.address", Error(settings));
    }

    [Theory]
    [InlineData("listner.0.listen", "listeners")]
    [InlineData("listeners.0.lisen", "listeners.0.listen")]
    [InlineData("metric.address", "metrics")]
    [InlineData("x", null)]
    public void RefuseUnknown_PartOfAKey_IsComparedWithThePartsAtItsPlace(string key, string? nearest)
    {
        var settings = new SettingSet().Add([new("listeners.0.listen", "0", "f"), new(key, "1", "f:2")]);
        settings.Indices("listeners");
        settings.Find("listeners.0.listen");
        settings.Find("listeners.0.role");
        settings.Find("metrics.address");
        settings.RefuseUnknown();
        Assert.Equal(nearest is null ? "f:2: unknown key" : $"f:2: unknown key; the nearest known one is {nearest}", Error(settings));
    }

    [Theory]
    [InlineData("metrics: 127.0.0.1:1", "metrics.address", "f:1: metrics '127.0.0.1:1': a mapping is expected here, such as 'metrics: {address: ...}'")]
    [InlineData("a: {b: 1}", "a.b.c", "f:1: a.b '1': a mapping is expected here, such as 'b: {c: ...}'")]
    [InlineData("drain: [1]", "drain", "f:1: drain.0 '1': drain takes one value, not a list or mapping")]
    [InlineData("drain: {a: 5s}", "drain", "f:1: drain.a '5s': drain takes one value, not a list or mapping")]
    public void Find_AnotherShape_SaysWhatWasFoundAndWhatIsExpected(string yaml, string key, string expected)
    {
        var settings = new SettingSet().Add(YamlSource.Read(new StringReader(yaml), "f"));
        Assert.Null(settings.Find(key));
        Assert.Equal(expected, Error(settings));
    }

    [Fact]
    public void ReadList_Mapping_IsRefused()
    {
        var settings = new SettingSet().Add(YamlSource.Read(new StringReader("l: {a: b}"), "f"));
        settings.ReadList("l", text => text);
        Assert.Equal("f:1: l.a 'b': l takes a list, not a mapping", Error(settings));
    }

    [Fact]
    public void Indices_AreNumbersInOrder()
    {
        var settings = new SettingSet().Add([new("l.10.a", "", ""), new("l.2.a", "", ""), new("l.x", "", ""), new("list.3", "", "")]);
        Assert.Equal([2, 10], settings.Indices("l"));
    }

    [Theory]
    [InlineData("ORACLE_METRICS_ADDRESS", "metrics.address", "ORACLE__METRICS__ADDRESS")]
    [InlineData("ORACLE_AUDIT_LOG", "audit-log", "ORACLE__AUDIT_LOG")]
    public void EnvironmentSource_OptionWithSingleUnderscores_IsRefusedWithTheRightName(string name, string key, string right)
    {
        var settings = new SettingSet().Add(EnvironmentSource.Read("ORACLE", Options, new Hashtable { [name] = "x" }));
        Assert.Equal($"{name} 'x': this variable sets nothing; the variable for {key} is {right}", Error(settings));
    }

    [Fact]
    public void EnvironmentSource_Variables_BecomeKeys()
    {
        var variables = new Hashtable
        {
            ["ORACLE__METRICS__ADDRESS"] = ":1",
            ["ORACLE__AUDIT_LOG"] = "off",
            ["ORACLE__ALLOW__0"] = "a",
            ["ORACLE_PORT"] = "tcp://10.0.0.1:9100",
            ["oracle__listen"] = "2",
        };
        Assert.Equal(
            ["allow.0=a (ORACLE__ALLOW__0)", "audit-log=off (ORACLE__AUDIT_LOG)", "metrics.address=:1 (ORACLE__METRICS__ADDRESS)"],
            EnvironmentSource.Read("ORACLE", Options, variables).Select(s => $"{s.Key}={s.Value} ({s.Origin})").Order(StringComparer.Ordinal));
    }

    [Fact]
    public void ThrowErrors_SeveralSettings_HasALineForEachInTheOrderOfTheFile()
    {
        var settings = new SettingSet()
            .Add(YamlSource.Read(new StringReader("b: {c: x}\na: y\ne:\nl: [1, z, 2]\na: 3\nm: {n: 1, o: 2}\n"), "f"))
            .Add([new Setting("d", "w", "--d")]);
        settings.ReadList("l", Values.WholeNumber(0, 9));
        foreach (var key in "ade")
            settings.Read($"{key}", 0, Values.WholeNumber(0, 9));
        settings.Find("b");
        settings.Refuse("all of it together");
        settings.RefuseUnknown();
        var error = Assert.Throws<UsageException>(settings.ThrowErrors);
        Assert.Equal(
            [
                "--d 'w': a whole number 0 to 9 is expected",
                "f:1: b.c 'x': b takes one value, not a list or mapping",
                "f:3: e: a value is missing; leave the key out if none is meant",
                "f:4: l.1 'z': a whole number 0 to 9 is expected",
                "f:5: Duplicate key a",
                "f:6: m.n: unknown key",
                "all of it together",
            ],
            error.Lines);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void ThrowErrors_MoreThanAnyoneMendsAtOnce_CountsTheRest()
    {
        var settings = new SettingSet().Add(Enumerable.Range(0, 60).Select(i => new Setting($"l.{i}", "x", $"f:{i}") { Line = i }));
        settings.ReadList("l", Values.WholeNumber(0, 9));
        var lines = Assert.Throws<UsageException>(settings.ThrowErrors).Lines;
        Assert.Equal((51, "f:49 'x': a whole number 0 to 9 is expected", "10 more errors are not shown"), (lines.Count, lines[49], lines[50]));
    }

    private static string Error(SettingSet settings) => Assert.Single(Assert.Throws<UsageException>(settings.ThrowErrors).Lines);
}
