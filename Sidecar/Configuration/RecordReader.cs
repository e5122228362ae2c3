using System.Globalization;
using Chassis.Net;
using Chassis.Settings;
using Sidecar.Observation;
using Sidecar.Options;
using Sidecar.Records.Exchanges;
using Sidecar.Records.Exchanges.Formats;
using Sidecar.Records.Exchanges.Outputs;

namespace Sidecar.Configuration;

/// <summary>Reads one entry of exchange records.</summary>
internal static class RecordReader
{
    /// <summary>The defaults of all settings except the output, which has no default.</summary>
    public static readonly ExchangeRecordOptions Defaults = new() { Output = new FileOutput { Path = "off" } };

    // As the first name of a list, it removes the default names.
    private const string None = "none";

    private static readonly (string Name, RecordProtocols Value)[] Protocols = [("HTTP/1", RecordProtocols.Http1), ("HTTP/2", RecordProtocols.Http2)];

    private const long SmallestLine = 4 * 1024;
    private const long LargestLine = 1024 * 1024;
    private const long SmallestRate = 1024;
    private const long LargestRate = 1L << 40;

    // One block is filled while others are written, and the longest line needs a block of its own.
    private const long SmallestQueue = 2 * 1024 * 1024;
    private const long LargestQueue = 1024 * 1024 * 1024;

    /// <summary>An entry; null if its output is off, or if it has no settings.</summary>
    /// <param name="settings">The settings.</param>
    /// <param name="key">The key of the entry.</param>
    public static ExchangeRecordOptions? Read(SettingSet settings, string key)
    {
        var output = RecordOutputs.Read(settings, key);
        var options = ReadContent(settings, key, output?.OnlyFormat is { } format ? Defaults with { Format = format } : Defaults);
        if (output?.OnlyFormat is { } only && options.Format != only)
            settings.Refuse(settings.Find($"{key}.format")!, $"output {output.Kind} has the format {only} alone");
        if (output is null)
            settings.DropDefaults(key);
        return output is null ? null : options with { Output = output };
    }

    private static ExchangeRecordOptions ReadContent(SettingSet settings, string key, ExchangeRecordOptions defaults) => defaults with
    {
        Format = settings.Read($"{key}.format", defaults.Format, RecordFormats.Parse),
        HasExt = settings.Read($"{key}.ext", defaults.HasExt, Values.Switch),
        AllowHeaders = settings.ReadList($"{key}.headers.allow", ParseField),
        DenyHeaders = settings.ReadList($"{key}.headers.deny", defaults.DenyHeaders, ParseField),
        MaskHeaders = Beside(settings, $"{key}.headers.mask", defaults.MaskHeaders, ParseField),
        MaskQuery = Beside(settings, $"{key}.mask-query", defaults.MaskQuery, ParseParameter),
        Sample = settings.Read($"{key}.sample", defaults.Sample, ParseShare),
        AlwaysErrors = settings.Read($"{key}.always-errors", defaults.AlwaysErrors, Values.Switch),
        Paths = settings.ReadList($"{key}.paths", defaults.Paths, ParsePattern),
        Cidrs = settings.ReadList($"{key}.cidrs", defaults.Cidrs, ParseNetwork),
        Protocols = ReadProtocols(settings, $"{key}.protos"),
        MaxLine = settings.Read($"{key}.max-line", defaults.MaxLine, text => (int)Values.Size(SmallestLine, LargestLine)(text), size => Values.WriteSize(size)),
        ConnectionRate = settings.Read($"{key}.connection-rate", defaults.ConnectionRate, Values.OffOr(ParseRate), Values.WriteSize),
        ClientRate = settings.Read($"{key}.client-rate", defaults.ClientRate, Values.OffOr(ParseRate), Values.WriteSize),
        Queue = settings.Read($"{key}.queue", defaults.Queue, text => (int)Values.Size(SmallestQueue, LargestQueue)(text), size => Values.WriteSize(size)),
    };

    private static IReadOnlyList<string> Beside(SettingSet settings, string key, IReadOnlyList<string> defaults, Func<string, string> parse)
    {
        settings.NoteDefault(key, string.Join(',', defaults.Prepend(None)));
        return settings.ReadList(key, parse) switch { null => defaults, [None, ..] and var names => [.. names.Skip(1)], var names => [.. defaults, .. names] };
    }

    private static long ParseRate(string text) => Values.Size(SmallestRate, LargestRate)(text);

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

    /// <summary>Reads versions of HTTP.</summary>
    public static RecordProtocols ReadProtocols(SettingSet settings, string key) =>
        settings.ReadList(key, [.. Protocols.Select(protocol => protocol.Name)], Values.OneOf([.. Protocols.Select(protocol => (protocol.Name, protocol.Name))]))
            .Aggregate(RecordProtocols.None, (all, name) => all | Protocols.Single(protocol => protocol.Name == name).Value);

    /// <summary>Checks a network that is chosen, or excluded by <c>!</c>.</summary>
    public static string ParseNetwork(string text)
    {
        NetworkAddress.Parse(text.StartsWith('!') ? text[1..] : text);
        return text;
    }

    private static string ParsePattern(string text)
    {
        PathGlob.Parse(text.StartsWith('!') ? text[1..] : text);
        return text;
    }
}
