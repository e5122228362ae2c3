using System.Collections.Immutable;
using Sidecar.Observation;

namespace Sidecar.Records.Exchanges;

/// <summary>Values for names, compared without case. Most names are not in the table; their length and first letter show that.</summary>
internal sealed class NameTable<T>
    where T : struct
{
    private readonly ImmutableArray<Entry>[] _byLength;

    /// <param name="names">If a name comes twice, the last counts.</param>
    public NameTable(IEnumerable<(string Name, T Value)> names)
    {
        var last = new Dictionary<string, T>(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, value) in names)
            last[name] = value;
        _byLength = new ImmutableArray<Entry>[last.Keys.Select(name => name.Length + 1).DefaultIfEmpty().Max()];
        Array.Fill(_byLength, []);
        foreach (var (name, value) in last)
            _byLength[name.Length] = _byLength[name.Length].Add(new Entry(System.Text.Encoding.ASCII.GetBytes(name), value));
    }

    /// <summary>The value for a name; null if it is not in the table.</summary>
    public T? Find(ReadOnlySpan<byte> name)
    {
        if (name.Length >= _byLength.Length)
            return null;
        foreach (var entry in _byLength[name.Length])
        {
            // Upper and lower case differ in this bit; other characters that differ in it are told apart below.
            if (((entry.Name[0] ^ name[0]) & ~0x20) == 0 && Ascii.EqualsIgnoreCase(entry.Name, name))
                return entry.Value;
        }

        return null;
    }

    private readonly record struct Entry(byte[] Name, T Value);
}
