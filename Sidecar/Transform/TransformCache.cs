using System.Collections.Concurrent;
using ByteFilters;

namespace Sidecar.Transform;

/// <summary>
/// Compiled expressions of one language, kept so that a connection does not wait for the compiler: at most 1,024, and at
/// most some 8 MB. Thread-safe.
/// </summary>
internal sealed class TransformCache
{
    // An Oracle can answer each connection with another expression. One takes some kilobytes; 256 long keys take 3 MB.
    private const int MaxEntries = 1024;
    private const int MaxBytes = 8 * 1024 * 1024;

    // Of a step with its arguments and its permutation; and of a character of the text, which its steps and arguments have too.
    private const int StepBytes = 600;
    private const int CharacterBytes = 7;

    private readonly ConcurrentDictionary<TransformExpression, (CompiledTransform Encoder, CompiledTransform Decoder)> _compiled = new();
    private readonly Lock _adding = new();

    /// <summary>Memory of the kept expressions, rounded up.</summary>
    public int Bytes { get; private set; }

    /// <summary>The number of kept expressions.</summary>
    public int Count => _compiled.Count;

    /// <summary>The expression and its inverse, compiled.</summary>
    public (CompiledTransform Encoder, CompiledTransform Decoder) Compile(TransformExpression expression)
    {
        if (_compiled.TryGetValue(expression, out var known))
            return known;
        var (encoder, decoder) = (CompiledTransform.Compile(expression), CompiledTransform.Compile(expression.Inverse()));
        var bytes = encoder.Bytes + decoder.Bytes + (StepBytes * expression.Steps.Count) + (CharacterBytes * expression.Text.Length);
        lock (_adding)
        {
            // Clearing the cache now and then costs less than keeping an order.
            if (_compiled.Count >= MaxEntries || Bytes + bytes > MaxBytes)
            {
                _compiled.Clear();
                Bytes = 0;
            }

            if (_compiled.TryAdd(expression, (encoder, decoder)))
                Bytes += bytes;
        }

        return (encoder, decoder);
    }
}
