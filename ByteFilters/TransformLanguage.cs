namespace ByteFilters;

/// <summary>The operators and the defined names that an expression may use.</summary>
/// <remarks>The cost of an expression, and of a set of definitions, is limited, so that it can come from anywhere.</remarks>
public sealed class TransformLanguage
{
    /// <summary>Longest text of an expression, and of its canonical form, in characters.</summary>
    public const int MaxLength = 16 * 1024;

    /// <summary>How deep parentheses may nest.</summary>
    public const int MaxDepth = 32;

    /// <summary>
    /// Limit of nesting of parentheses and names together while definitions are read: a reader's stack holds some 1.5 MB.
    /// </summary>
    public const int MaxNesting = 1024;

    /// <summary>Most steps of an expression, with the steps of the names that it uses.</summary>
    public const int MaxSteps = 256;

    /// <summary>Most names that may be defined.</summary>
    public const int MaxDefinitions = 256;

    // A name stands in metrics and errors.
    private const int MaxNameLength = 64;

    private readonly Dictionary<string, TransformOperator> _operators = new(StringComparer.Ordinal);
    private readonly IReadOnlyList<string> _reserved;
    private readonly Dictionary<string, TransformExpression> _definitions = new(StringComparer.Ordinal);

    private TransformLanguage(IEnumerable<TransformOperator> operators, IReadOnlyList<string> reserved)
    {
        foreach (var word in operators)
            _operators.Add(word.Name, word);
        _reserved = reserved;
    }

    /// <summary>The built-in operators and no names.</summary>
    public static TransformLanguage Default { get; } = new(BuiltIn.All, []);

    /// <summary>Every word it knows, in order.</summary>
    public IEnumerable<string> Words => _operators.Keys.Concat(ExpressionParser.Forms).Concat(_definitions.Keys).Order(StringComparer.Ordinal);

    /// <summary>The language without its defined names; no filter and no name can be one of these words.</summary>
    public TransformLanguage Reserving(params IEnumerable<string> words) => new(_operators.Values, [.. _reserved, .. words]);

    /// <summary>The language without its defined names, with the operators of these filters added.</summary>
    /// <exception cref="FormatException">A filter's name is in use, or is not a valid name.</exception>
    public TransformLanguage With(IEnumerable<TransformFilter> filters)
    {
        var language = new TransformLanguage(_operators.Values, _reserved);
        foreach (var filter in filters)
        {
            if (language.ProblemWith(filter.Name) is { } problem)
                throw new FormatException($"{filter.Name}: {problem}");
            language._operators.Add(filter.Name, filter);
        }

        return language;
    }

    /// <summary>The language with these defined names instead of its former ones. They can use one another in any order.</summary>
    /// <param name="texts">Each name and its expression; names that differ in case are different names.</param>
    /// <exception cref="DefinitionException">Says which name is wrong and why.</exception>
    public TransformLanguage Define(IReadOnlyDictionary<string, string> texts) =>
        new Definitions(this, new(texts, StringComparer.Ordinal)).Read();

    /// <summary>Reads an expression, or one of the forms of wire protocol v1.</summary>
    /// <exception cref="TransformSyntaxException">Says where, and what was expected.</exception>
    public TransformExpression Parse(string text) => new ExpressionParser(text, TryFind, (name, _) => _definitions.GetValueOrDefault(name)).Parse();

    private TransformOperator? TryFind(string name) => _operators.GetValueOrDefault(name);

    // Why a word cannot be a new name.
    private string? ProblemWith(string name)
    {
        if (name.Length is 0 or > MaxNameLength || !char.IsAsciiLetterLower(name[0]) || name.Any(c => !char.IsAsciiLetterLower(c) && !char.IsAsciiDigit(c) && c != '-'))
            return $"a name has 1 to {MaxNameLength} lower-case letters, digits and hyphens, a letter first";
        return _operators.ContainsKey(name) || ExpressionParser.Forms.Contains(name) || _reserved.Contains(name) ? "the language has this word already" : null;
    }

    /// <summary>Reads the texts of names, which can use one another. Each text is read when its name is first used.</summary>
    private sealed class Definitions(TransformLanguage before, Dictionary<string, string> texts)
    {
        private readonly TransformLanguage _language = new(before._operators.Values, before._reserved);

        // Names that are being read now; each is used by the one before it.
        private readonly List<string> _open = [];

        public TransformLanguage Read()
        {
            if (texts.Count > MaxDefinitions)
                throw new DefinitionException(texts.Keys.ElementAt(MaxDefinitions), $"at most {MaxDefinitions} names expected, got {texts.Count}");
            foreach (var name in texts.Keys)
            {
                if (before.ProblemWith(name) is { } problem)
                    throw new DefinitionException(name, problem);
            }

            foreach (var name in texts.Keys)
                Find(name, depth: 0);
            return _language;
        }

        private TransformExpression? Find(string name, int depth)
        {
            if (_language._definitions.TryGetValue(name, out var known) || !texts.TryGetValue(name, out var text))
                return known;
            if (_open.IndexOf(name) is >= 0 and var first)
                throw new DefinitionException(name, $"it refers to itself, by way of {string.Join(", ", _open.Skip(first))}");
            _open.Add(name);
            try
            {
                return _language._definitions[name] = new ExpressionParser(text, _language.TryFind, Find, depth).Parse();
            }
            catch (TransformSyntaxException error)
            {
                throw new DefinitionException(name, error.Message, error);
            }
            finally
            {
                _open.RemoveAt(_open.Count - 1);
            }
        }
    }
}
