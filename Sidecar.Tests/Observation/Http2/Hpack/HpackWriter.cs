using System.Text;

namespace Sidecar.Tests.Observation.Http2.Hpack;

/// <summary>Encodes header blocks in every way that RFC 7541 allows, chosen at random, with a table of its own.</summary>
internal sealed class HpackWriter(Random random)
{
    // Enough of Appendix A to use its numbers.
    private static readonly (int Number, string Name, string Value)[] Static =
    [
        (1, ":authority", ""), (2, ":method", "GET"), (3, ":method", "POST"), (4, ":path", "/"), (6, ":scheme", "http"), (8, ":status", "200"),
        (9, ":status", "204"), (13, ":status", "404"), (14, ":status", "500"), (16, "accept-encoding", "gzip, deflate"), (28, "content-length", ""),
        (31, "content-type", ""), (32, "cookie", ""), (54, "server", ""), (61, "www-authenticate", ""),
    ];

    private readonly List<(string Name, string Value)> _table = [];
    private int _maxSize = 4096;
    private int? _update;

    /// <summary>What the peer allows for; the next block says what of it is used.</summary>
    public void Allow(int size) => _update = random.Next(size + 1);

    /// <summary>A block of these fields.</summary>
    public byte[] Block(params IEnumerable<(string Name, string Value)> fields)
    {
        List<byte> bytes = [];
        if (_update is { } size)
        {
            // By way of a smaller one, as when there were two changes between blocks.
            if (random.Next(2) == 0)
                Update(bytes, random.Next(Math.Min(size, _maxSize) + 1));
            Update(bytes, size);
            _update = null;
        }

        foreach (var (name, value) in fields)
            Add(bytes, name, value);
        return [.. bytes];
    }

    /// <summary>A field without index and without Huffman.</summary>
    public static byte[] Plain(params IEnumerable<(string Name, string Value)> fields)
    {
        List<byte> bytes = [];
        foreach (var (name, value) in fields)
            bytes.AddRange([0, .. String(name, isHuffman: false), .. String(value, isHuffman: false)]);
        return [.. bytes];
    }

    public static byte[] Integer(int prefixBits, int flags, int value)
    {
        var max = (1 << prefixBits) - 1;
        if (value < max)
            return [(byte)(flags | value)];
        List<byte> bytes = [(byte)(flags | max)];
        for (value -= max; value >= 128; value /= 128)
            bytes.Add((byte)(0x80 | (value % 128)));
        return [.. bytes, (byte)value];
    }

    public static byte[] String(string text, bool isHuffman)
    {
        var bytes = Encoding.Latin1.GetBytes(text);
        if (isHuffman)
            bytes = HuffmanCode.Encode(bytes);
        return [.. Integer(7, isHuffman ? 0x80 : 0, bytes.Length), .. bytes];
    }

    private void Update(List<byte> bytes, int size)
    {
        bytes.AddRange(Integer(5, 0x20, size));
        _maxSize = size;
        Evict();
    }

    private void Add(List<byte> bytes, string name, string value)
    {
        var whole = Numbers((n, v) => n == name && v == value);
        if (whole.Length > 0 && random.Next(4) > 0)
        {
            bytes.AddRange(Integer(7, 0x80, whole[random.Next(whole.Length)]));
            return;
        }

        var isKept = random.Next(2) == 0;
        var (prefix, flags) = isKept ? (6, 0x40) : (4, random.Next(2) == 0 ? 0x00 : 0x10);
        var named = Numbers((n, _) => n == name);
        if (named.Length > 0 && random.Next(4) > 0)
            bytes.AddRange(Integer(prefix, flags, named[random.Next(named.Length)]));
        else
            bytes.AddRange([(byte)flags, .. String(name, random.Next(2) == 0)]);
        bytes.AddRange(String(value, random.Next(2) == 0));
        if (!isKept)
            return;
        _table.Insert(0, (name, value));
        Evict();
    }

    private int[] Numbers(Func<string, string, bool> isMeant) =>
    [
        .. Static.Where(field => isMeant(field.Name, field.Value)).Select(field => field.Number),
        .. Enumerable.Range(0, _table.Count).Where(i => isMeant(_table[i].Name, _table[i].Value)).Select(i => 62 + i),
    ];

    private void Evict()
    {
        while (_table.Sum(field => field.Name.Length + field.Value.Length + 32) > _maxSize)
            _table.RemoveAt(_table.Count - 1);
    }
}
