using System.Collections.Concurrent;
using Oracle.Protocol.Expressions;

namespace Sidecar.Transform;

/// <summary>Expressions that were compiled lately, so that a connection does not wait for it. Thread-safe.</summary>
internal sealed class TransformCache
{
    // An Oracle may answer each connection with another expression; one takes a few kilobytes.
    private const int Capacity = 1024;

    private readonly ConcurrentDictionary<TransformExpression, (CompiledTransform Encoder, CompiledTransform Decoder)> _compiled = new();

    public static TransformCache Shared { get; } = new();

    /// <summary>The expression and what undoes it, compiled.</summary>
    public (CompiledTransform Encoder, CompiledTransform Decoder) Compile(TransformExpression expression)
    {
        if (_compiled.TryGetValue(expression, out var known))
            return known;
        // Starting anew now and then costs less than keeping order.
        if (_compiled.Count >= Capacity)
            _compiled.Clear();
        return _compiled[expression] = (CompiledTransform.Compile(expression), CompiledTransform.Compile(expression.Inverse()));
    }
}
