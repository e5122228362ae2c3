namespace Oracle.Protocol.Expressions;

/// <summary>The operators and the defined names that an expression may use.</summary>
/// <remarks>What an expression, or a set of definitions, may cost is bounded, wherever it comes from.</remarks>
public sealed class TransformLanguage
{
    /// <summary>Longest text of an expression, in characters.</summary>
    public const int MaxLength = 16 * 1024;

    /// <summary>How deep parentheses may nest.</summary>
    public const int MaxDepth = 32;

    /// <summary>Most steps of an expression, those of the names that it uses among them.</summary>
    public const int MaxSteps = 256;

    /// <summary>Most names that may be defined.</summary>
    public const int MaxDefinitions = 256;

    // One stands in metrics and errors.
    private const int MaxNameLength = 64;

    private readonly Dictionary<string, TransformOperator> _operators = new(StringComparer.Ordinal);
    private readonly Dictionary<string, TransformExpression> _definitions = new(StringComparer.Ordinal);

    private TransformLanguage(IEnumerable<TransformOperator> operators)
    {
        foreach (var word in operators)
            _operators.Add(word.Name, word);
    }

    /// <summary>The built-in operators and no names.</summary>
    public static TransformLanguage Default { get; } = new(BuiltIn.All);

    /// <summary>Every word it knows, in order.</summary>
    public IEnumerable<string> Words => _operators.Keys.Concat(ExpressionParser.Forms).Concat(_definitions.Keys).Order(StringComparer.Ordinal);

    /// <summary>A language that has filters' operators more, and no names.</summary>
    /// <exception cref="FormatException">A filter's name is taken or is none.</exception>
    public TransformLanguage With(IEnumerable<TransformFilter> filters)
    {
        var language = new TransformLanguage(_operators.Values);
        foreach (var filter in filters)
        {
            language.CheckName(filter.Name);
            language._operators.Add(filter.Name, filter);
        }

        return language;
    }

    /// <summary>A language that has some names more, which may use one another in any order.</summary>
    /// <param name="texts">Each name and what it stands for.</param>
    /// <exception cref="FormatException">Says which name is wrong and why.</exception>
    public TransformLanguage Define(IReadOnlyDictionary<string, string> texts)
    {
        if (texts.Count > MaxDefinitions)
            throw new FormatException($"at most {MaxDefinitions} names expected, got {texts.Count}");
        var language = new TransformLanguage(_operators.Values);
        var open = new HashSet<string>(StringComparer.Ordinal);
        foreach (var name in texts.Keys)
        {
            CheckName(name);
            Find(name);
        }

        return language;

        TransformExpression? Find(string name)
        {
            if (language._definitions.TryGetValue(name, out var known) || !texts.TryGetValue(name, out var text))
                return known;
            if (!open.Add(name))
                throw new FormatException($"{name}: it stands for itself, by way of {string.Join(", ", open)}");
            try
            {
                return language._definitions[name] = new ExpressionParser(text, language.TryFind, Find).Parse();
            }
            catch (TransformSyntaxException error)
            {
                throw new FormatException($"{name}: {error.Message}", error);
            }
        }
    }

    /// <summary>Reads an expression, or one of the forms of wire protocol v1.</summary>
    /// <exception cref="TransformSyntaxException">Says where and what was expected.</exception>
    public TransformExpression Parse(string text) => new ExpressionParser(text, TryFind, name => _definitions.GetValueOrDefault(name)).Parse();

    private TransformOperator? TryFind(string name) => _operators.GetValueOrDefault(name);

    private void CheckName(string name)
    {
        if (name.Length is 0 or > MaxNameLength || !char.IsAsciiLetterLower(name[0]) || name.Any(c => !char.IsAsciiLetterLower(c) && !char.IsAsciiDigit(c) && c != '-'))
            throw new FormatException($"{name}: a name has 1 to {MaxNameLength} lower-case letters, digits and hyphens, a letter first");
        if (_operators.ContainsKey(name) || ExpressionParser.Forms.Contains(name))
            throw new FormatException($"{name}: the language has this word already");
    }
}
