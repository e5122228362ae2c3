using System.Collections.Concurrent;
using ByteFilters;

namespace Sidecar.Transform;

/// <summary>
/// Expressions of one language that were compiled lately, so that a connection does not wait for it: at most 1,024, and at
/// most some 8 MB. Thread-safe.
/// </summary>
internal sealed class TransformCache
{
    // An Oracle may answer each connection with another expression. One takes some kilobytes; 256 long keys, 3 MB.
    private const int MaxEntries = 1024;
    private const int MaxBytes = 8 * 1024 * 1024;

    // A step with its arguments and its permutation; and a character of the text, which its steps and arguments have too.
    private const int StepBytes = 600;
    private const int CharacterBytes = 7;

    private readonly ConcurrentDictionary<TransformExpression, (CompiledTransform Encoder, CompiledTransform Decoder)> _compiled = new();
    private readonly Lock _adding = new();

    /// <summary>What the expressions that it holds take of memory, rounded up.</summary>
    public int Bytes { get; private set; }

    /// <summary>How many expressions it holds.</summary>
    public int Count => _compiled.Count;

    /// <summary>The expression and what undoes it, compiled.</summary>
    public (CompiledTransform Encoder, CompiledTransform Decoder) Compile(TransformExpression expression)
    {
        if (_compiled.TryGetValue(expression, out var known))
            return known;
        var (encoder, decoder) = (CompiledTransform.Compile(expression), CompiledTransform.Compile(expression.Inverse()));
        var bytes = encoder.Bytes + decoder.Bytes + (StepBytes * expression.Steps.Count) + (CharacterBytes * expression.Text.Length);
        lock (_adding)
        {
            // Starting anew now and then costs less than keeping order.
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
