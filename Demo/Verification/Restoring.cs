using System.Globalization;
using ByteFilters;

namespace Demo.Verification;

/// <summary>
/// Undoes a transform, from the text of its expression. Written apart from the sidecar's own code on purpose, one byte at a
/// time: what checks it must not share its faults.
/// </summary>
internal static class Restoring
{
    /// <summary>The bytes as they were before a transform changed them, from the first of a direction on.</summary>
    public static byte[] Restore(this TransformExpression transform, ReadOnlySpan<byte> bytes)
    {
        var steps = Steps(transform.Text);
        steps.Reverse();
        var restored = bytes.ToArray();
        for (var at = 0; at < restored.Length; at++)
        {
            foreach (var undo in steps)
                restored[at] = undo(restored[at], at);
        }

        return restored;
    }

    /// <summary>Whether the transform leaves bytes as they are.</summary>
    public static bool ChangesNothing(this TransformExpression transform)
    {
        var all = Enumerable.Range(0, 256).Select(i => (byte)i).ToArray();
        return transform.Restore(all).SequenceEqual(all);
    }

    // The canonical form nests no chains, so its words stand in the order of its steps.
    private static List<Func<byte, int, byte>> Steps(string text)
    {
        var words = new Queue<string>(text.Split([' ', '(', ')', '"'], StringSplitOptions.RemoveEmptyEntries));
        List<Func<byte, int, byte>> steps = [];
        while (words.TryDequeue(out var word))
        {
            if (word is not ("chain" or "idt"))
                steps.Add(Undo(word, words));
        }

        return steps;
    }

    private static Func<byte, int, byte> Undo(string word, Queue<string> words)
    {
        switch (word)
        {
            case "not":
                return (value, _) => (byte)(255 - value);
            case "xor":
                var key = Number(words);
                return (value, _) => (byte)(value ^ key);
            case "add":
                var summand = Number(words);
                return (value, _) => (byte)(256 + value - summand);
            case "sub":
                var subtrahend = Number(words);
                return (value, _) => (byte)(value + subtrahend);
            case "rotl":
                var left = Number(words);
                return (value, _) => (byte)((value >> left) | (value << (8 - left)));
            case "rotr":
                var right = Number(words);
                return (value, _) => (byte)((value << right) | (value >> (8 - right)));
            case "table":
                var table = Convert.FromHexString(words.Dequeue());
                return (value, _) => (byte)Array.IndexOf(table, value);
            case "xor-key":
                var keys = Convert.FromHexString(words.Dequeue());
                return (value, at) => (byte)(value ^ keys[at % keys.Length]);
            default:
                throw new NotSupportedException($"the demo cannot undo '{word}'; choose idt, not, xor, add, sub, rotl, rotr, table, xor-key or a chain of these");
        }
    }

    private static int Number(Queue<string> words) => int.Parse(words.Dequeue(), CultureInfo.InvariantCulture);
}
