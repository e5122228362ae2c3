using System.Collections.Immutable;
using Sidecar.Observation;

namespace Sidecar.Records.Exchanges;

/// <summary>What is said of names, which are compared ignoring case. Most names are none of the table's, which their length and first letter tell.</summary>
internal sealed class NameTable<T>
    where T : struct
{
    private readonly ImmutableArray<Entry>[] _byLength;

    /// <param name="names">Of one that is there twice the last holds.</param>
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

    /// <summary>What is said of a name; null for one that is not in the table.</summary>
    public T? Find(ReadOnlySpan<byte> name)
    {
        if (name.Length >= _byLength.Length)
            return null;
        foreach (var entry in _byLength[name.Length])
        {
            // Letters that differ in case alone differ in this bit; other characters that do are told apart below.
            if (((entry.Name[0] ^ name[0]) & ~0x20) == 0 && Ascii.EqualsIgnoreCase(entry.Name, name))
                return entry.Value;
        }

        return null;
    }

    private readonly record struct Entry(byte[] Name, T Value);
}
