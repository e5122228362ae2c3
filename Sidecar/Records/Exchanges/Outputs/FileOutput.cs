using Chassis.Records;
using Chassis.Settings;
using Sidecar.Options;

namespace Sidecar.Records.Exchanges.Outputs;

/// <summary>The output <c>file</c>: a file that is rotated and reopened, or stdout.</summary>
internal sealed record FileOutput : RecordOutput
{
    /// <summary>Its name.</summary>
    public const string Word = "file";

    private static readonly LineRotation Usual = new(100L * 1024 * 1024, Age: null, Keep: 5);

    /// <summary>Its settings.</summary>
    public static readonly IReadOnlyList<SettingOption> Settings =
    [
        new("--records", "records.path", "FILE", "One JSON line for each HTTP exchange; - is stdout, off is none [default: off]"),
        new("--records-rotate-size", "records.rotate-size", "SIZE|off", $"Renames the file to FILE.1 before it grows larger; off with logrotate, which sends SIGHUP [default: {Values.DisplaySize(Usual.Size!.Value)}]"),
        new("--records-rotate-age", "records.rotate-age", "TIME|off", "Renames the file at the first record after this time [default: off]"),
        new("--records-keep", "records.keep", "COUNT", $"Old files to keep; FILE.1 is the newest. FILE.kept also keeps the records of other clients that one client's flood would push out [default: {Usual.Keep}]"),
    ];

    private const string Off = "off";
    private const string Stdout = "-";
    private const long SmallestFile = 1024 * 1024;
    private const long LargestFile = 1L << 40;
    private const int MaxKept = 1000;

    private static readonly Func<string, TimeSpan> ParseAge = Values.Duration(TimeSpan.FromSeconds(1), TimeSpan.FromDays(366));

    /// <summary>The path of a file, or <c>-</c> for stdout.</summary>
    public required string Path { get; init; }

    /// <summary>When a new file replaces the file; default at 100 MB, with five old files kept.</summary>
    public LineRotation? Rotation { get; init; } = Usual;

    internal override string Kind => Word;

    internal override string Description => Path == Stdout ? "stdout" : Path;

    internal override (string Path, string Origin)? File => Path == Stdout ? null : (Path, Origin);

    /// <summary>Reads it; null if it is off, or has no settings at all.</summary>
    /// <param name="settings">The settings.</param>
    /// <param name="key">The key above its settings.</param>
    public static FileOutput? Read(SettingSet settings, string key)
    {
        var path = settings.Find($"{key}.path");
        var rotation = ReadRotation(settings, key);
        if (path is null && !settings.IsWrong(key) && settings.FindAny(key) is { } unused)
            settings.Refuse(unused, $"nothing is recorded: give {key}.path ({(key == "records" ? "--records FILE" : "FILE")} or -) or remove this");
        return path is null or { Value: Off } ? null : new FileOutput { Path = path.Value, Origin = path.Origin, Rotation = rotation };
    }

    internal override void Check() => FileCheck.RefuseUnwritable(Path, Origin);

    internal override ILineOutput Open(OutputContext context) =>
        LineOutput.Open(Path, Origin, Rotation is { } rotation ? rotation with { SenderOf = context.SenderOf } : null, context.Time, context.Logger);

    private static LineRotation? ReadRotation(SettingSet settings, string key)
    {
        var size = settings.Read($"{key}.rotate-size", Usual.Size, Values.OffOr(Values.Size(SmallestFile, LargestFile)), Values.WriteSize);
        var age = settings.Read($"{key}.rotate-age", Usual.Age, Values.OffOr(ParseAge));
        var keep = settings.Read($"{key}.keep", Usual.Keep, Values.WholeNumber(0, MaxKept));
        if (size is not null || age is not null)
            return new LineRotation(size, age, keep);
        settings.SwitchOff($"{key}.keep", $"there are no old files: give {key}.rotate-size or {key}.rotate-age, or remove this");
        return null;
    }
}
