using System.Globalization;
using Chassis.Records;
using Chassis.Settings;
using Sidecar.Observation;
using Sidecar.Options;
using Sidecar.Records.Exchanges;

namespace Sidecar.Configuration;

/// <summary>Reads what is recorded of exchanges.</summary>
internal static class RecordSettings
{
    private static readonly ExchangeRecordOptions Defaults = new() { Path = Off };

    /// <summary>The options, all below <c>records</c>.</summary>
    public static readonly IReadOnlyList<SettingOption> Options =
    [
        new("--records", "records.path", "FILE", "One JSON line for each HTTP exchange; - is stdout, off is none [default: off]"),
        new("--records-format", "records.format", "FORMAT", "perisco, the only one so far [default: perisco]"),
        new("--records-ext", "records.ext", "on|off", "The object ext: connection, outcome, duration, bytes, gRPC status [default: on]"),
        new("--records-headers-allow", "records.headers.allow", "NAME,...", "The only header fields in records [default: all]"),
        new("--records-headers-deny", "records.headers.deny", "NAME,...", "Header fields that are left out [default: none]"),
        new("--records-headers-mask", "records.headers.mask", "NAME,...", "Header fields whose value becomes ***, beside Authorization, Cookie, X-Api-Key, X-Auth-Token and their like; none as the first leaves these"),
        new("--records-mask-query", "records.mask-query", "NAME,...", "Parameters of URLs whose value becomes ***, beside those with token, key, password, signature and their like as a part of the name; none as the first leaves these"),
        new("--records-sample", "records.sample", "SHARE", $"Share of exchanges that are recorded, 0 to 1 [default: {Defaults.Sample}]"),
        new("--records-always-errors", "records.always-errors", "on|off", "Whatever the share, records statuses from 400 on, gRPC statuses but 0 and what was cut off [default: on]"),
        new("--records-paths", "records.paths", "GLOB,...", "Paths that are recorded, such as /api/**,!/healthz: * within a segment, ** anything, ! excludes [default: all]"),
        new("--records-max-line", "records.max-line", "SIZE", $"Most bytes of a line, 4KB to 1MB; a longer record is cut and says so in ext.truncated [default: {Values.DisplaySize(Defaults.MaxLine)}]"),
        new("--records-connection-rate", "records.connection-rate", "SIZE|off", $"Bytes of records a second for one connection; the rest is dropped and counted [default: {Values.DisplaySize(Defaults.ConnectionRate!.Value)}]"),
        new("--records-client-rate", "records.client-rate", "SIZE|off", $"The same for all connections of one client address together [default: {Values.DisplaySize(Defaults.ClientRate!.Value)}]"),
        new("--records-rotate-size", "records.rotate-size", "SIZE|off", $"Renames the file to FILE.1 before it grows larger; off with logrotate, which sends SIGHUP [default: {Values.DisplaySize(Defaults.Rotation!.Size!.Value)}]"),
        new("--records-rotate-age", "records.rotate-age", "TIME|off", "Renames the file when it is older and a record comes [default: off]"),
        new("--records-keep", "records.keep", "COUNT", $"Old files that are kept, FILE.1 being the newest; beside them FILE.kept has what one client's flood would push out [default: {Defaults.Rotation!.Keep}]"),
    ];

    private const string Off = "off";

    // One who wants less than the default list begins with this.
    private const string None = "none";

    private const long SmallestFile = 1024 * 1024;
    private const long LargestFile = 1L << 40;
    private const long SmallestLine = 4 * 1024;
    private const long LargestLine = 1024 * 1024;
    private const long SmallestRate = 1024;
    private const int MaxKept = 1000;

    private static readonly Func<string, TimeSpan> ParseAge = Values.Duration(TimeSpan.FromSeconds(1), TimeSpan.FromDays(366));

    /// <summary>Null where nothing is recorded.</summary>
    public static ExchangeRecordOptions? Read(SettingSet settings, string? connectionRecords)
    {
        var path = settings.Find("records.path");
        var options = ReadAll(settings, path?.Value ?? Off, path?.Origin ?? "records.path");
        if (path is null or { Value: Off })
        {
            if (path is null && !settings.IsWrong("records") && settings.FindAny("records") is { } unused)
                settings.Refuse(unused, "nothing is recorded: give records.path (--records FILE or -) or remove this");
            return null;
        }

        if (path.Value != "-" && IsSameFile(path.Value, connectionRecords))
            settings.Refuse(path, "connection records go to the same file (--connection-records); give each its own");
        return options;
    }

    // What is no path at all is refused when it is opened.
    private static bool IsSameFile(string path, string? other) => other is not (null or "-")
        && (path == other || (IsPath(path) && IsPath(other) && Path.GetFullPath(path) == Path.GetFullPath(other)));

    private static bool IsPath(string text) => text.Length > 0 && !text.Contains('\0');

    private static ExchangeRecordOptions ReadAll(SettingSet settings, string path, string origin)
    {
        var defaults = Defaults with { Path = path, Origin = origin };
        return defaults with
        {
            Format = settings.Read("records.format", defaults.Format, Values.OneOf(("perisco", RecordFormat.Perisco))),
            HasExt = settings.Read("records.ext", defaults.HasExt, Values.Switch),
            AllowHeaders = settings.ReadList("records.headers.allow", ParseField),
            DenyHeaders = settings.ReadList("records.headers.deny", ParseField) ?? defaults.DenyHeaders,
            MaskHeaders = Beside(defaults.MaskHeaders, settings.ReadList("records.headers.mask", ParseField)),
            MaskQuery = Beside(defaults.MaskQuery, settings.ReadList("records.mask-query", ParseParameter)),
            Sample = settings.Read("records.sample", defaults.Sample, ParseShare),
            AlwaysErrors = settings.Read("records.always-errors", defaults.AlwaysErrors, Values.Switch),
            Paths = settings.ReadList("records.paths", ParsePattern) ?? defaults.Paths,
            MaxLine = settings.Read("records.max-line", defaults.MaxLine, text => (int)Values.Size(SmallestLine, LargestLine)(text)),
            ConnectionRate = settings.Read("records.connection-rate", defaults.ConnectionRate, Values.OffOr(ParseRate)),
            ClientRate = settings.Read("records.client-rate", defaults.ClientRate, Values.OffOr(ParseRate)),
            Rotation = ReadRotation(settings, defaults.Rotation!),
        };
    }

    private static LineRotation? ReadRotation(SettingSet settings, LineRotation defaults)
    {
        var size = settings.Read("records.rotate-size", defaults.Size, Values.OffOr(ParseSize));
        var age = settings.Read("records.rotate-age", null, Values.OffOr(ParseAge));
        var keep = settings.Read("records.keep", defaults.Keep, Values.WholeNumber(0, MaxKept));
        if (size is not null || age is not null)
            return new LineRotation(size, age, keep);
        if (settings.Find("records.keep") is { } unused)
            settings.Refuse(unused, "there are no old files: give records.rotate-size or records.rotate-age, or remove this");
        return null;
    }

    private static IReadOnlyList<string> Beside(IReadOnlyList<string> defaults, IReadOnlyList<string>? names) =>
        names is null ? defaults : names[0] == None ? [.. names.Skip(1)] : [.. defaults, .. names];

    private static long ParseSize(string text) => Values.Size(SmallestFile, LargestFile)(text);

    private static long ParseRate(string text) => Values.Size(SmallestRate, LargestFile)(text);

    private static string ParseField(string text) =>
        text.Length <= byte.MaxValue && Ascii.IsToken(System.Text.Encoding.UTF8.GetBytes(text.TrimStart(':')))
            ? text
            : throw new FormatException("a header field's name is expected");

    private static string ParseParameter(string text) =>
        text.Length is > 0 and <= 64 && text.All(c => c is > ' ' and <= '~' and not ('&' or ';' or '=' or '?' or '#' or '%'))
            ? text
            : throw new FormatException("a parameter's name is expected, up to 64 visible characters without & ; = ? # and %");

    private static double ParseShare(string text) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var share) && share is >= 0 and <= 1
            ? share
            : throw new FormatException("a share 0 to 1 is expected, such as 0.1");

    private static string ParsePattern(string text)
    {
        PathGlob.Parse(text.StartsWith('!') ? text[1..] : text);
        return text;
    }
}
