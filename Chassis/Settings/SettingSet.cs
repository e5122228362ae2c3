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

    /// <summary>The setting of a key that takes one value, or null when no source has it.</summary>
    /// <exception cref="UsageException">A list or a mapping stands there, or a value where this key's parent should be.</exception>
    public Setting? Find(string key)
    {
        RefuseValueAbove(key);
        if (FindWord(key) is { } setting)
            return setting;
        return FindAny(key) is { } below
            ? throw below.Error($"{key} takes one value, not a list or mapping")
            : null;
    }

    /// <summary>The one value that stands at a key, whatever the key takes; the key is known from then on.</summary>
    public Setting? FindWord(string key)
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
        RefuseValueAbove(key);
        if (FindWord(key) is { } whole)
            return [.. Words(whole).Select(word => Parse(whole with { Value = word }, parse))];
        var elements = Indices(key).Select(i => Parse(Element($"{key}.{i}"), parse)).ToList();
        return elements.Count > 0 ? elements
            : FindAny(key) is { } below ? throw below.Error($"{key} takes a list, not a mapping")
            : null;
    }

    /// <summary>A mapping: the values below the key by their names there. Empty when no source has it.</summary>
    /// <exception cref="UsageException">There is one value instead, or a list or mapping within the mapping.</exception>
    public IReadOnlyDictionary<string, string> ReadMap(string key)
    {
        if (FindWord(key) is { } whole)
            throw whole.Error("names and values are expected below it");
        var map = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var name in KeysBelow(key).Select(k => k[(key.Length + 1)..]))
            map.Add(name.Split('.')[0], Element($"{key}.{name.Split('.')[0]}").Value);
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

    /// <summary>Throws for the first setting that nothing has asked for: a typing error must not pass silently.</summary>
    /// <exception cref="UsageException">A key is unknown.</exception>
    public void RefuseUnknown()
    {
        foreach (var setting in _settings.Values.Where(s => !_known.Contains(s.Key)))
            throw new UsageException($"{setting.Origin}: unknown key; the nearest known one is {NearestKnown(setting.Key)}");
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
    private Setting Element(string key) => Find(key)!;

    private void RefuseValueAbove(string key)
    {
        for (var dot = key.LastIndexOf('.'); dot > 0; dot = key.LastIndexOf('.', dot - 1))
        {
            if (_settings.TryGetValue(key[..dot], out var value))
                throw value.Error($"a mapping is expected here, such as '{key[..dot].Split('.')[^1]}: {{{key[(dot + 1)..]}: ...}}'");
        }
    }

    // A typing error in one part of a key is compared with the parts that are known at its place.
    private string NearestKnown(string key)
    {
        var parts = key.Split('.');
        var known = _known.Select(k => k.Split('.')).ToList();
        var right = known.Max(k => Math.Min(CommonParts(k, parts), k.Length - 1));
        var nearest = known.Where(k => k.Length > right && CommonParts(k, parts) >= right).MinBy(k => Distance(k[right], parts[right]))!;
        return string.Join('.', nearest[..(right + 1)]);
    }

    private static int CommonParts(string[] key, string[] other) =>
        key.Zip(other).TakeWhile(pair => string.Equals(pair.First, pair.Second, StringComparison.OrdinalIgnoreCase)).Count();

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
