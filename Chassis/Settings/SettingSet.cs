using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Chassis.Settings;

/// <summary>
/// The settings of all sources; a setting that is added later takes precedence.
/// A wrong setting is noted and then treated as missing, so that <see cref="ThrowErrors"/> reports all errors at once.
/// Every key that is read is noted too, so that <see cref="RefuseUnknown"/> finds unknown keys.
/// </summary>
public sealed class SettingSet
{
    private readonly OrderedDictionary<string, Setting> _settings = new(StringComparer.OrdinalIgnoreCase);
    // All keys that were added below a key, in order, so that the first is the topmost in its file.
    private readonly Dictionary<string, List<string>> _below = new(StringComparer.OrdinalIgnoreCase);
    private readonly HashSet<string> _known = new(StringComparer.OrdinalIgnoreCase);

    // In the order in which the keys were read.
    private readonly OrderedDictionary<string, string> _defaults = new(StringComparer.OrdinalIgnoreCase);

    // Wrong keys, and the keys above them.
    private readonly HashSet<string> _wrong = new(StringComparer.OrdinalIgnoreCase);
    private readonly OrderedDictionary<string, int> _errors = new(StringComparer.Ordinal);

    // More errors than anyone corrects at once.
    private const int MaxErrors = 50;

    /// <summary>The origin of a setting that no source has.</summary>
    public const string DefaultOrigin = "default";

    // The line of an error of the whole configuration: after all lines of the file.
    private const int NoLine = int.MaxValue;

    /// <summary>All settings of the sources.</summary>
    public IEnumerable<Setting> All => _settings.Values;

    /// <summary>All settings in force after reading: those of the sources, then defaults with the origin <c>default</c>.</summary>
    public IEnumerable<Setting> InForce => All.Concat(_defaults.Select(entry => new Setting(entry.Key, entry.Value, DefaultOrigin)));

    /// <summary>Whether an error was noted.</summary>
    public bool HasErrors => _errors.Count > 0;

    /// <summary>
    /// Adds settings, which take precedence over earlier ones. A value for a key also replaces a list below that key, and a list
    /// replaces the value above it.
    /// </summary>
    public SettingSet Add(IEnumerable<Setting> layer)
    {
        foreach (var setting in layer)
        {
            if (setting.Problem is { } problem)
            {
                Note(setting, problem);
                continue;
            }

            foreach (var below in KeysBelow(setting.Key))
                _settings.Remove(below);
            var isNew = !_settings.ContainsKey(setting.Key);
            for (var dot = setting.Key.IndexOf('.'); dot >= 0; dot = setting.Key.IndexOf('.', dot + 1))
            {
                var parent = setting.Key[..dot];
                _settings.Remove(parent);
                if (!_below.TryGetValue(parent, out var keys))
                    _below.Add(parent, keys = []);
                if (isNew)
                    keys.Add(setting.Key);
            }

            _settings[setting.Key] = setting;
        }

        return this;
    }

    /// <summary>
    /// The setting of a key that takes one value, or null if no source has it. A list or a mapping at the key is an error, and so is
    /// a value at its parent.
    /// </summary>
    public Setting? Find(string key)
    {
        if (IsBelowAValue(key))
            return null;
        if (FindWord(key) is { } setting)
            return setting;
        RefuseBelow(key, $"{key} takes one value, not a list or mapping");
        return null;
    }

    /// <summary>The single value at a key, also if the key takes a list or mapping. From then on the key is known.</summary>
    public Setting? FindWord(string key)
    {
        _known.Add(key);
        return _settings.GetValueOrDefault(key);
    }

    /// <summary>The setting of a key, or the first one below it, to be named in an error; null if no source has either.</summary>
    public Setting? FindAny(string key) =>
        _settings.GetValueOrDefault(key) ?? (KeysBelow(key) is [var first, ..] ? _settings[first] : null);

    /// <summary>A value, or <paramref name="fallback"/> if it is missing or wrong.</summary>
    /// <param name="key">The setting's key.</param>
    /// <param name="fallback">The default.</param>
    /// <param name="parse">Throws <see cref="FormatException"/> with what was expected.</param>
    /// <param name="write">
    /// Writes the default as a user would; null if no text means the default. Without it, <see cref="Values.Write"/> writes the default.
    /// </param>
    [return: NotNullIfNotNull(nameof(fallback))]
    public T? Read<T>(string key, T? fallback, Func<string, T> parse, Func<T?, string?>? write = null)
    {
        if (Find(key) is { } setting && TryParse(setting, parse, out var value))
            return value;
        NoteDefault(key, write is null ? Values.Write(fallback) : write(fallback));
        return fallback;
    }

    /// <summary>A value that has no default; null if it is missing or wrong.</summary>
    /// <param name="key">The setting's key.</param>
    /// <param name="parse">Throws <see cref="FormatException"/> with what was expected.</param>
    public T? ReadOptional<T>(string key, Func<string, T> parse) =>
        Find(key) is { } setting && TryParse(setting, parse, out var value) ? value : default;

    /// <summary>A list: elements below the key, or one value with commas. Wrong elements are left out; null if none remains.</summary>
    public IReadOnlyList<T>? ReadList<T>(string key, Func<string, T> parse)
    {
        if (IsBelowAValue(key))
            return null;
        if (FindWord(key) is { } whole)
            return ParseAll(Words(whole), parse);
        var indices = Indices(key);
        if (indices.Count == 0)
            RefuseBelow(key, $"{key} takes a list, not a mapping");
        return ParseAll(indices.Select(i => Find($"{key}.{i}")).OfType<Setting>(), parse);
    }

    /// <summary>The same with a default; an empty default means no list.</summary>
    public IReadOnlyList<T> ReadList<T>(string key, IReadOnlyList<T> fallback, Func<string, T> parse)
    {
        if (ReadList(key, parse) is { } list)
            return list;
        NoteDefault(key, fallback.Count == 0 ? null : string.Join(',', fallback.Select(element => Values.Write(element))));
        return fallback;
    }

    /// <summary>A mapping: the values below the key, by name. Empty if no source has it, or if there is a single value instead.</summary>
    public IReadOnlyDictionary<string, string> ReadMap(string key)
    {
        if (FindWord(key) is { } whole)
            Refuse(whole, "a mapping of names to values is expected");
        var map = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var name in KeysBelow(key).Select(k => k[(key.Length + 1)..].Split('.')[0]).Distinct(StringComparer.OrdinalIgnoreCase))
        {
            if (Find($"{key}.{name}") is { } value)
                map.Add(name, value.Value);
        }

        return map;
    }

    /// <summary>The numbers used as elements below a key, in order: 0 and 1 for <c>listeners.0.role</c>, <c>listeners.1.role</c>.</summary>
    public IReadOnlyList<int> Indices(string key)
    {
        _known.Add(key);
        return [.. KeysBelow(key)
            .Select(k => k[(key.Length + 1)..].Split('.')[0])
            .Select(Index).OfType<int>().Distinct().Order()];
    }

    /// <summary>Notes the default of a key that no source has; null for none.</summary>
    public void NoteDefault(string key, string? text)
    {
        if (text is not null && FindAny(key) is null)
            _defaults[key] = text;
    }

    /// <summary>Notes that a key and all keys below it have no effect: a source that sets one is wrong, and no default of them is in force.</summary>
    /// <param name="key">The key.</param>
    /// <param name="reason">Why it has no effect, and what to do.</param>
    /// <param name="cause">The key of the setting that switches it off. If that one is wrong, it is not known whether it does.</param>
    public void SwitchOff(string key, string reason, string? cause = null)
    {
        if (FindAny(key) is { } unused && (cause is null || !IsWrong(cause)))
            Refuse(unused, reason);
        DropDefaults(key);
    }

    /// <summary>Notes that no default of a key and of all keys below it is in force.</summary>
    public void DropDefaults(string key)
    {
        foreach (var below in _defaults.Keys.Where(k => k.Equals(key, StringComparison.OrdinalIgnoreCase) || k.StartsWith(key + ".", StringComparison.OrdinalIgnoreCase)).ToList())
            _defaults.Remove(below);
    }

    /// <summary>Notes that a setting is wrong, with its origin, its value and the reason.</summary>
    public void Refuse(Setting setting, string reason) => Note(setting, setting.Describe(reason));

    /// <summary>Notes one error for all settings at a key and below it.</summary>
    public void RefuseBelow(string key, string reason)
    {
        if (FindAny(key) is { } first)
            Refuse(first, reason);
        _known.UnionWith(KeysBelow(key));
    }

    /// <summary>Notes an error at a setting that does not depend on its value.</summary>
    public void RefuseAt(Setting setting, string reason) => Note(setting, $"{setting.Origin}: {reason}");

    /// <summary>Refuses an entry of a list without these keys; an entry without any key is no entry.</summary>
    public void Need(string entry, params ReadOnlySpan<string> keys)
    {
        foreach (var needed in keys)
        {
            if (FindAny(needed) is null && !IsWrong(needed) && FindAny(entry) is { } some && !IsWrong(some.Key))
                RefuseAt(some, $"{needed} is missing in this entry");
        }
    }

    /// <summary>Notes an error of the configuration as a whole.</summary>
    public void Refuse(string line) => _errors.TryAdd(line, NoLine);

    /// <summary>Whether a key, or a key below it, is wrong. Then checks that depend on it make no sense.</summary>
    public bool IsWrong(string key) => _wrong.Contains(key);

    /// <summary>Notes the settings with an unknown key, so that no typing error is ignored. Each unknown part is reported once.</summary>
    public void RefuseUnknown()
    {
        var told = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var setting in _settings.Values.Where(s => !_known.Contains(s.Key) && !_wrong.Contains(s.Key)))
        {
            var (unknown, nearest) = NearestKnown(setting.Key);
            if (told.Add(unknown))
                RefuseAt(setting, nearest is null ? "unknown key" : $"unknown key; the nearest known one is {nearest}");
        }
    }

    /// <summary>Throws if there are errors, with a line for each, in the order of the file.</summary>
    /// <exception cref="UsageException">There are errors.</exception>
    public void ThrowErrors()
    {
        if (!HasErrors)
            return;
        List<string> lines = [.. _errors.OrderBy(error => error.Value).Take(MaxErrors).Select(error => error.Key)];
        if (_errors.Count > MaxErrors)
            lines.Add($"{_errors.Count - MaxErrors} more errors are not shown");
        throw new UsageException(lines);
    }

    private bool TryParse<T>(Setting setting, Func<string, T> parse, [MaybeNullWhen(false)] out T value)
    {
        try
        {
            value = parse(setting.Value);
            return true;
        }
        catch (FormatException reason)
        {
            Refuse(setting, reason.Message);
            value = default;
            return false;
        }
    }

    private List<T>? ParseAll<T>(IEnumerable<Setting> elements, Func<string, T> parse)
    {
        var list = new List<T>();
        foreach (var element in elements)
        {
            if (TryParse(element, parse, out var value))
                list.Add(value);
        }

        return list.Count > 0 ? list : null;
    }

    private void Note(Setting setting, string line)
    {
        _errors.TryAdd(line, setting.Line);
        _wrong.Add(setting.Key);
        for (var dot = setting.Key.IndexOf('.'); dot >= 0; dot = setting.Key.IndexOf('.', dot + 1))
            _wrong.Add(setting.Key[..dot]);
    }

    private bool IsBelowAValue(string key)
    {
        for (var dot = key.LastIndexOf('.'); dot > 0; dot = key.LastIndexOf('.', dot - 1))
        {
            if (!_settings.TryGetValue(key[..dot], out var value))
                continue;
            if (!IsWrong(value.Key))
                Refuse(value, $"a mapping is expected here, such as '{key[..dot].Split('.')[^1]}: {{{key[(dot + 1)..]}: ...}}'");
            return true;
        }

        return false;
    }

    // Compares the wrong part of a key with the known parts at the same place.
    private (string Unknown, string? Nearest) NearestKnown(string key)
    {
        var parts = key.Split('.');
        var known = _known.Select(k => k.Split('.')).ToList();
        var right = known.Max(k => Math.Min(CommonParts(k, parts), k.Length - 1));
        var nearest = known.Where(k => k.Length > right && CommonParts(k, parts) >= right).MinBy(k => Distance(k[right], parts[right]))!;
        // With more letters wrong than right it is no typing error.
        var isNear = 2 * Distance(nearest[right], parts[right]) <= Math.Max(nearest[right].Length, parts[right].Length);
        return (string.Join('.', parts[..(right + 1)]), isNear ? string.Join('.', nearest[..(right + 1)]) : null);
    }

    private static int CommonParts(string[] key, string[] other) =>
        key.Zip(other).TakeWhile(pair => string.Equals(pair.First, pair.Second, StringComparison.OrdinalIgnoreCase)).Count();

    // Only the canonical form: "00" or "+1" would name an element that cannot be found by its number.
    private static int? Index(string part) =>
        int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
        && number.ToString(CultureInfo.InvariantCulture) == part ? number : null;

    // A list without a word would match nothing.
    private Setting[] Words(Setting list)
    {
        var words = list.Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (words.Length == 0)
            Refuse(list, "a value is missing");
        return [.. words.Select(word => list with { Value = word })];
    }

    // A key that was replaced by a value above it and then added again is there twice.
    private List<string> KeysBelow(string key) => _below.TryGetValue(key, out var keys)
        ? [.. keys.Where(_settings.ContainsKey).Distinct(StringComparer.OrdinalIgnoreCase)]
        : [];

    // Levenshtein distance, one row at a time.
    private static int Distance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0]++;
            for (var j = 1; j <= b.Length; j++)
            {
                var substitution = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(substitution, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[^1];
    }
}
