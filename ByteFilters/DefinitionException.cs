namespace ByteFilters;

/// <summary>A name has a text that is not an expression, or the name itself is not allowed. The message starts with the name.</summary>
public sealed class DefinitionException : FormatException
{
    /// <param name="name">The name that is wrong.</param>
    /// <param name="problem">Why.</param>
    /// <param name="cause">What was thrown, if anything was.</param>
    public DefinitionException(string name, string problem, Exception? cause = null)
        : base($"{name}: {problem}", cause) => Name = name;

    /// <summary>The name that is wrong.</summary>
    public string Name { get; }
}
