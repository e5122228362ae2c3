namespace ByteFilters;

/// <summary>A word of the language of transform expressions, with its parameters and its inverse.</summary>
public abstract class TransformOperator
{
    /// <summary>The word: lower-case letters, digits and hyphens.</summary>
    public abstract string Name { get; }

    /// <summary>Its parameters, in order.</summary>
    public abstract IReadOnlyList<TransformParameter> Parameters { get; }

    /// <summary>Why these arguments, each valid by itself, make no transform together; null if they do.</summary>
    /// <remarks>For example a table in which two bytes become the same value.</remarks>
    public virtual string? Refuse(IReadOnlyList<TransformArgument> arguments) => null;

    // The inverse of a step with these arguments, if the language has a shorter word for it than (inverse …).
    internal virtual TransformStep? Invert(IReadOnlyList<TransformArgument> arguments) => null;
}

/// <summary>An operator that an assembly adds to the language. Derive a class from it, with a constructor without parameters.</summary>
/// <remarks>
/// One instance serves all connections, on several threads. If <see cref="Create"/>, <see cref="CreateInverse"/> or one of their
/// transforms throws, the connection ends with <c>transform_error</c>. If <see cref="TransformOperator.Refuse"/> throws, the
/// expression is wrong: an error of the configuration, or <c>protocol_error</c> if the expression is an Oracle's answer.
/// </remarks>
public abstract class TransformFilter : TransformOperator
{
    /// <summary>The transform of one direction of one connection.</summary>
    public abstract ByteTransform Create(IReadOnlyList<TransformArgument> arguments);

    /// <summary>The inverse, byte for byte, for the same direction at the other side.</summary>
    public abstract ByteTransform CreateInverse(IReadOnlyList<TransformArgument> arguments);
}

/// <summary>Changes the bytes of one direction, in place, chunk after chunk, without changing their number.</summary>
public abstract class ByteTransform
{
    /// <summary>Changes the next bytes of the direction. Chunks have any size, and the end of a chunk has no meaning.</summary>
    public abstract void Apply(Span<byte> bytes);
}
