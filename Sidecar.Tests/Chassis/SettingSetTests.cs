using System.Collections;
using Chassis;
using Chassis.Settings;
using Xunit;

namespace Sidecar.Tests.Chassis;

public sealed class SettingSetTests
{
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
        var error = Assert.Throws<UsageException>(() => settings.Read("a", 0, Values.WholeNumber(1, 9)));
        Assert.Equal("oracle.yml:3: a 'x': a whole number 1 to 9 is expected", error.Message);
    }

    [Fact]
    public void Read_WrongValueOfManyLines_IsOneLineWithItsStart()
    {
        var settings = new SettingSet().Add(YamlSource.Read(new StringReader($"a: |\n  one\n    two {new string('x', 5000)}\n"), "f"));
        var error = Assert.Throws<UsageException>(() => settings.Read<int>("a", 0, _ => throw new FormatException("a reason\nof two lines")));
        Assert.Equal($"f:1: a 'one two {new string('x', 200 - "one\n  two ".Length)}…': a reason of two lines", error.Message);
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
        Assert.Equal("--l 'x': a whole number 0 to 9 is expected", Assert.Throws<UsageException>(() => settings.ReadList("l", Values.WholeNumber(0, 9))).Message);
    }

    [Theory]
    [InlineData("l:\n  - a\n  - [b, c]\n", "f:3: l.1.0: one value is expected here")]
    [InlineData("l: [a, b: 80]\n", "f:1: l.1.b: one value is expected here")]
    [InlineData("l: ', ,'\n", "f:1: l ', ,': a value is missing")]
    public void ReadList_ElementThatIsNoValue_NamesItsLineAndKey(string yaml, string expected)
    {
        var settings = new SettingSet().Add(YamlSource.Read(new StringReader(yaml), "f"));
        Assert.Equal(expected, Assert.Throws<UsageException>(() => settings.ReadList("l", text => text)).Message);
    }

    [Theory]
    [InlineData("l.00")]
    [InlineData("l.+1")]
    [InlineData("l.-1")]
    [InlineData("l. 1")]
    [InlineData("l.99999999999")]
    public void ReadList_NumberInAnotherForm_IsNoElementButAnUnknownKey(string key)
    {
        var settings = new SettingSet().Add([new(key, "a", "ENV")]);
        Assert.Null(settings.ReadList("l", text => text));
        Assert.StartsWith("ENV: unknown key", Assert.Throws<UsageException>(settings.RefuseUnknown).Message, StringComparison.Ordinal);
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
        var error = Assert.Throws<UsageException>(settings.RefuseUnknown);
        Assert.Equal("f:2: metrics.adress: unknown key; the nearest known one is metrics.address", error.Message);
    }

    [Fact]
    public void Indices_AreNumbersInOrder()
    {
        var settings = new SettingSet().Add([new("l.10.a", "", ""), new("l.2.a", "", ""), new("l.x", "", ""), new("list.3", "", "")]);
        Assert.Equal([2, 10], settings.Indices("l"));
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
            EnvironmentSource.Read("ORACLE", variables).Select(s => $"{s.Key}={s.Value} ({s.Origin})").Order(StringComparer.Ordinal));
    }
}
