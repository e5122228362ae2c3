using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Chassis.Settings;

/// <summary>
/// Settings of all sources, laid over each other: what is added later wins.
/// Every key that is read is noted, so that <see cref="RefuseUnknown"/> can name the ones that nobody knows.
/// </summary>
public sealed class SettingSet
{
    private readonly OrderedDictionary<string, Setting> _settings = new(StringComparer.OrdinalIgnoreCase);
    // What was ever added below a key, in that order, so that the first is the topmost in its file.
    private readonly Dictionary<string, List<string>> _below = new(StringComparer.OrdinalIgnoreCase);
    private readonly HashSet<string> _known = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>
    /// Lays settings over those already there; a value for a key also replaces a list below that key, and a list the
    /// value above it.
    /// </summary>
    public SettingSet Add(IEnumerable<Setting> layer)
    {
        foreach (var setting in layer)
        {
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

    /// <summary>The setting of a key, or null when no source has it.</summary>
    public Setting? Find(string key)
    {
        _known.Add(key);
        return _settings.GetValueOrDefault(key);
    }

    /// <summary>The setting of a key, or the first one below it, for an error to name; null when no source has either.</summary>
    public Setting? FindAny(string key) =>
        _settings.GetValueOrDefault(key) ?? (KeysBelow(key) is [var first, ..] ? _settings[first] : null);

    /// <summary>A value, or <paramref name="fallback"/> when no source has it.</summary>
    /// <param name="key">The setting's key.</param>
    /// <param name="fallback">The default.</param>
    /// <param name="parse">Throws <see cref="FormatException"/> with what was expected.</param>
    /// <exception cref="UsageException">The text cannot be parsed.</exception>
    [return: NotNullIfNotNull(nameof(fallback))]
    public T? Read<T>(string key, T? fallback, Func<string, T> parse) =>
        Find(key) is { } setting ? Parse(setting, parse) : fallback;

    /// <summary>A list: elements below the key, or one value with commas. Null when no source has it.</summary>
    /// <exception cref="UsageException">An element cannot be parsed, is no single value, or there is none between the commas.</exception>
    public IReadOnlyList<T>? ReadList<T>(string key, Func<string, T> parse)
    {
        if (Find(key) is { } whole)
            return [.. Words(whole).Select(word => Parse(whole with { Value = word }, parse))];
        var elements = Indices(key).Select(i => Parse(Element($"{key}.{i}"), parse)).ToList();
        return elements.Count > 0 ? elements : null;
    }

    /// <summary>A mapping: the values below the key by their names there. Empty when no source has it.</summary>
    /// <exception cref="UsageException">There is one value instead, or a list or mapping within the mapping.</exception>
    public IReadOnlyDictionary<string, string> ReadMap(string key)
    {
        if (Find(key) is { } whole)
            throw whole.Error("names and values are expected below it");
        var map = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var name in KeysBelow(key).Select(k => k[(key.Length + 1)..]))
            map.Add(name.Split('.')[0], Element($"{key}.{name.Split('.')[0]}").Value);
        return map;
    }

    /// <summary>The numbers used as elements below a key, in order: 0 and 1 for <c>listeners.0.role</c>, <c>listeners.1.role</c>.</summary>
    public IReadOnlyList<int> Indices(string key) =>
        [.. KeysBelow(key)
            .Select(k => k[(key.Length + 1)..].Split('.')[0])
            .Select(Index).OfType<int>().Distinct().Order()];

    /// <summary>Throws for the first setting that nothing has asked for: a typing error must not pass silently.</summary>
    /// <exception cref="UsageException">A key is unknown.</exception>
    public void RefuseUnknown()
    {
        foreach (var setting in _settings.Values.Where(s => !_known.Contains(s.Key)))
        {
            var nearest = _known.MinBy(known => Distance(known, setting.Key));
            throw new UsageException($"{setting.Origin}: unknown key; the nearest known one is {nearest}");
        }
    }

    private static T Parse<T>(Setting setting, Func<string, T> parse)
    {
        try
        {
            return parse(setting.Value);
        }
        catch (FormatException reason)
        {
            throw setting.Error(reason.Message);
        }
    }

    // A list within the list, or a mapping, has settings below the element but none of its own.
    private Setting Element(string key) =>
        Find(key) ?? throw new UsageException($"{FindAny(key)!.Origin}: one value is expected here");

    // The canonical form alone: "00" and "+1" would name an element that is not found under its number.
    private static int? Index(string part) =>
        int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
        && number.ToString(CultureInfo.InvariantCulture) == part ? number : null;

    // No word at all would be a list that matches nothing, or nobody.
    private static string[] Words(Setting list) =>
        list.Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) is { Length: > 0 } words
            ? words
            : throw list.Error("a value is missing");

    // One that was replaced by a value above it, and added again, stands there twice.
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
