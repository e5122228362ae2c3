namespace ByteFilters;

/// <summary>A word of the language of transform expressions: what it takes and what undoes it.</summary>
public abstract class TransformOperator
{
    /// <summary>The word: lower-case letters, digits and hyphens.</summary>
    public abstract string Name { get; }

    /// <summary>What it takes, in order.</summary>
    public abstract IReadOnlyList<TransformParameter> Parameters { get; }

    /// <summary>Why these arguments, each as expected, make no transform together; null when they do.</summary>
    /// <remarks>Such as a table in which two bytes become the same value.</remarks>
    public virtual string? Refuse(IReadOnlyList<TransformArgument> arguments) => null;

    // The step that undoes one with these arguments, when the language has a shorter word for it than (inverse …).
    internal virtual TransformStep? Invert(IReadOnlyList<TransformArgument> arguments) => null;
}

/// <summary>An operator that an assembly adds to the language. Derive from it, with a constructor that takes nothing.</summary>
/// <remarks>
/// One instance serves all connections, on several threads. What <see cref="Create"/>, <see cref="CreateInverse"/> and their
/// transforms throw ends the connection with <c>transform_error</c>. What <see cref="TransformOperator.Refuse"/> throws makes the
/// expression a wrong one: an error of the configuration, or <c>protocol_error</c> where an Oracle answered with it.
/// </remarks>
public abstract class TransformFilter : TransformOperator
{
    /// <summary>The transform of one direction of one connection.</summary>
    public abstract ByteTransform Create(IReadOnlyList<TransformArgument> arguments);

    /// <summary>What undoes it, byte for byte, for the same direction at the other side.</summary>
    public abstract ByteTransform CreateInverse(IReadOnlyList<TransformArgument> arguments);
}

/// <summary>Changes the bytes of one direction, in place, chunk after chunk, without changing their number.</summary>
public abstract class ByteTransform
{
    /// <summary>Changes the next bytes of the direction. Chunks have any size; where one ends says nothing.</summary>
    public abstract void Apply(Span<byte> bytes);
}
