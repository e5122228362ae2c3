using Chassis;
using Chassis.Records;
using Chassis.Settings;
using Sidecar.Configuration;
using Sidecar.Records.Exchanges.Outputs;
using Testing;
using Xunit;

namespace Sidecar.Tests.Configuration;

/// <summary>A list of records: each entry has all keys, and nothing of a single entry stands beside it.</summary>
public sealed class RecordListTests
{
    private const string Listen = "listeners.0.listen=127.0.0.1:45000";

    [Fact]
    public void Load_AListOfAFile_HasAllKeysForEachEntryAndDefaultsForWhatIsNotSaid()
    {
        using var folder = new TempFolder();
        var file = folder.Write("sidecar.yaml", """
            listeners: [{listen: 127.0.0.1:45000}]
            records:
              - name: errors
                format: perisco
                output: file
                path: /tmp/errors.json
                sample: 0
                headers: {allow: [Host], deny: [X-A], mask: [none, X-B]}
                mask-query: [none]
                paths: ["/api/**", "!/api/health"]
                ext: off
                max-line: 4KB
                connection-rate: off
                client-rate: 1MB
                queue: 2MB
                rotate-size: off
                rotate-age: 24h
                keep: 2
              - {path: "-", always-errors: off}
            """);

        var records = Words.Load([new Setting("config", file, "--config")], []).Records;

        Assert.Equal(2, records.Count);
        Assert.Equal(("errors", "perisco", false, 0.0, true), (records[0].Name, records[0].Format, records[0].HasExt, records[0].Sample, records[0].AlwaysErrors));
        Assert.Equal((4096, null, 1024 * 1024, 2 * 1024 * 1024), (records[0].MaxLine, records[0].ConnectionRate, records[0].ClientRate, records[0].Queue));
        Assert.Equal([["Host"], ["X-A"], ["X-B"]], new[] { records[0].AllowHeaders!, records[0].DenyHeaders, records[0].MaskHeaders });
        Assert.Empty(records[0].MaskQuery);
        Assert.Equal(["/api/**", "!/api/health"], records[0].Paths);
        Assert.Equal(new FileOutput { Path = "/tmp/errors.json", Origin = $"{file}:6: records.0.path", Rotation = new LineRotation(null, TimeSpan.FromHours(24), 2) }, records[0].Output);
        Assert.Equal(RecordReader.Defaults with { Name = "file-1", AlwaysErrors = false, Output = new FileOutput { Path = "-", Origin = $"{file}:19: records.1.path" } }, records[1]);
    }

    [Fact]
    public void Load_AListOfOne_IsTheSingleFormWithAName() => Assert.Equal(
        Assert.Single(Words.Named(Listen, "records.path=/tmp/x", "records.sample=0.5").Records) with { Name = "file", Output = new FileOutput { Path = "/tmp/x", Origin = "records.0.path" } },
        Assert.Single(Words.Named(Listen, "records.0.path=/tmp/x", "records.0.sample=0.5").Records));

    [Fact]
    public void Load_Variables_ChangeEntriesOfTheFileByTheirNumber()
    {
        using var folder = new TempFolder();
        var file = folder.Write("sidecar.yaml", "listeners: [{listen: 127.0.0.1:45000}]\nrecords: [{path: /tmp/a}, {path: /tmp/b}, {path: /tmp/c}]\n");
        var variables = new Dictionary<string, string> { ["SIDECAR__RECORDS__1__SAMPLE"] = "0.5", ["SIDECAR__RECORDS__2__PATH"] = "off", ["SIDECAR__RECORDS__3__PATH"] = "/tmp/d" };

        var records = Words.Load([new Setting("config", file, "--config")], [.. EnvironmentSource.Read("SIDECAR", SettingTable.Options, variables)]).Records;

        Assert.Equal([("file-0", "/tmp/a", 1), ("file-1", "/tmp/b", 0.5), ("file-3", "/tmp/d", 1)], records.Select(r => (r.Name, r.Output.Description, r.Sample)));
    }

    [Fact]
    public void Load_OffAboveAList_RecordsNothing()
    {
        Setting[] environment = [Words.Option("records.0.path=/tmp/a"), Words.Option("records.1.path=/tmp/b")];
        Assert.Empty(Words.Load([Words.Option(Listen), Words.Option("records=off")], environment).Records);
    }

    [Theory]
    [InlineData("records.path=/tmp/b", "--records '/tmp/b': there is also a list of records (records.0.path), and this setting is in none of its entries; move it into an entry, or remove one of the two")]
    [InlineData("records.path=off", "--records 'off': there is also a list of records")]
    [InlineData("records.headers.mask=X-A", "--records-headers-mask 'X-A': there is also a list of records")]
    [InlineData("records.headers.allow.0=X-A", "records.headers.allow.0 'X-A': there is also a list of records")]
    [InlineData("records.1=/tmp/b", "records.1 '/tmp/b': an entry of records is expected: a mapping with 'path: FILE' and other settings")]
    [InlineData("records.1.sample=0.5", "records.1.sample '0.5': nothing is recorded: give records.1.path (FILE or -) or remove this")]
    [InlineData("records.1.path=/tmp/b,records.1.sample=2", "records.1.sample '2': a share 0 to 1 is expected")]
    [InlineData("records.1.path=/tmp/b,records.1.smaple=1", "records.1.smaple: unknown key; the nearest known one is records.1.sample")]
    [InlineData("records.1.path=/tmp/b,records.1.name=a b", "records.1.name 'a b': 1 to 64 letters, digits, dashes, underscores or dots are expected")]
    [InlineData("records.1.path=/tmp/b,records.0.name=x,records.1.name=x", "records.1.name 'x': two entries of records are named 'x'; give each a name of its own")]
    [InlineData("records.1.path=/tmp/b,records.1.name=file-0", "records.1.name 'file-0': two entries of records are named 'file-0'")]
    [InlineData("records.1.path=/tmp/b,records.1.rotate-size=off,records.1.keep=3", "records.1.keep '3': there are no old files: give records.1.rotate-size or records.1.rotate-age, or remove this")]
    public void Load_WhatMakesNoSenseBesideAnEntry_NamesOptionValueAndRemedy(string settings, string message) =>
        Assert.StartsWith(message, Error(["records.0.path=/tmp/a", .. settings.Split(',')]), StringComparison.Ordinal);

    [Fact]
    public void Load_AVariableOfTheSingleForm_IsRefusedBesideAList() => Assert.Equal(
        "SIDECAR__RECORDS__SAMPLE '0.5': there is also a list of records (records.0.path), and this setting is in none of its entries; move it into an entry, or remove one of the two",
        Assert.Throws<UsageException>(() => Words.Load(
            [Words.Option(Listen), Words.Option("records.0.path=/tmp/a")], [new Setting("records.sample", "0.5", "SIDECAR__RECORDS__SAMPLE")])).Message);

    [Fact]
    public void Load_TooManyEntries_NamesTheFirstBeyond() => Assert.Equal(
        "records.16.path: there are 17 entries of records; at most 16 are supported", Error([.. Enumerable.Range(0, 17).Select(i => $"records.{i}.path=/tmp/{i}")]));

    [Theory]
    [InlineData("records.path=/tmp/x", "connection-records.path=/tmp/x", "--records '/tmp/x': --connection-records '/tmp/x' is the same file; use different files")]
    [InlineData("records.path=/tmp/x", "connection-records.path=/tmp/y/../x", "--records '/tmp/x': --connection-records '/tmp/y/../x' is the same file; use different files")]
    [InlineData("records.0.path=/tmp/x", "records.1.path=/tmp/./x", "records.1.path '/tmp/./x': records.0.path '/tmp/x' is the same file; use different files")]
    [InlineData("records.0.path=-", "records.1.path=/tmp/x,records.2.path=/tmp/x", "records.2.path '/tmp/x': records.1.path '/tmp/x' is the same file; use different files")]
    [InlineData("records.0.path=-", "records.1.path=/tmp/x,connection-records.path=/tmp/x", "records.1.path '/tmp/x': --connection-records '/tmp/x' is the same file; use different files")]
    public void Load_OneFileTwice_NamesBoth(string one, string others, string message) => Assert.Equal(message, Error([one, .. others.Split(',')]));

    [Fact]
    public void Load_StandardOutputTwice_IsAllowed() => Assert.Equal(2, Words.Named(Listen, "records.0.path=-", "records.1.path=-").Records.Count);

    private static string Error(string[] settings) => Assert.Throws<UsageException>(() => Words.Named([Listen, .. settings])).Message;
}
