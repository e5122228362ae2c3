using System.Globalization;

namespace Oracle.Protocol;

/// <summary>The transforms that wire protocol v1 can name. They hide nothing from an attacker.</summary>
public enum TransformKind
{
    /// <summary>Bytes pass as they are.</summary>
    Identity,

    /// <summary>All bits of each byte are inverted.</summary>
    Not,

    /// <summary>Each byte is combined with one key byte by exclusive or.</summary>
    Xor,
}

/// <summary>How the bytes of a connection are changed, as wire protocol v1 writes it: <c>idt</c>, <c>not</c>, <c>xor 42</c>.</summary>
/// <param name="Kind">The transform.</param>
/// <param name="Key">The key of <see cref="TransformKind.Xor"/>, else 0.</param>
public readonly record struct TransformSpec(TransformKind Kind, byte Key = 0)
{
    /// <summary>What <see cref="TryParse"/> takes, for error messages.</summary>
    public const string Syntax = "idt, not or xor 0..255";

    /// <summary>The transform's name without its key: a bounded set, fit for a metric's label.</summary>
    public string Name => Kind switch
    {
        TransformKind.Not => "not",
        TransformKind.Xor => "xor",
        _ => "idt",
    };

    /// <summary>Reads the wire form.</summary>
    public static bool TryParse(string text, out TransformSpec spec)
    {
        var words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        byte key = 0;
        (var known, spec) = words switch
        {
            ["idt"] => (true, new TransformSpec(TransformKind.Identity)),
            ["not"] => (true, new TransformSpec(TransformKind.Not)),
            ["xor", var number] when byte.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out key) =>
                (true, new TransformSpec(TransformKind.Xor, key)),
            _ => (false, default),
        };
        return known;
    }

    /// <inheritdoc/>
    public override string ToString() => Kind == TransformKind.Xor ? $"xor {Key}" : Name;
}
