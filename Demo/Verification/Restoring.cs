using Oracle.Protocol.Expressions;

using System.Globalization;

namespace Demo.Verification;

/// <summary>
/// Undoes a transform. Written apart from the sidecar's own code on purpose: what checks it must not share its faults.
/// Each transform of wire protocol v1 is an exclusive or with one byte, and so its own inverse.
/// </summary>
internal static class Restoring
{
    public static byte[] Restore(this TransformExpression transform, ReadOnlySpan<byte> bytes)
    {
        var key = transform.Text.Trim('(', ')').Split(' ') switch
        {
            ["idt"] => (byte)0,
            ["not"] => (byte)0xFF,
            ["xor", var number] => byte.Parse(number, CultureInfo.InvariantCulture),
            _ => throw new ArgumentOutOfRangeException(nameof(transform), transform, "unknown transform"),
        };
        var restored = new byte[bytes.Length];
        for (var i = 0; i < bytes.Length; i++)
            restored[i] = (byte)(bytes[i] ^ key);
        return restored;
    }

    /// <summary>Whether the transform leaves bytes as they are.</summary>
    public static bool ChangesNothing(this TransformExpression transform) => transform.Restore([0x55])[0] == 0x55;
}
