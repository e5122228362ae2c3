namespace ByteFilters;

/// <summary>Reads one text, left to right, in one pass. For any text it throws only <see cref="TransformSyntaxException"/>.</summary>
/// <param name="text">The text.</param>
/// <param name="findOperator">Finds an operator by its word.</param>
/// <param name="findDefinition">Finds a defined name; it gets the depth at which the name stands.</param>
/// <param name="outer">The depth at which the text itself stands.</param>
internal sealed class ExpressionParser(
    string text, Func<string, TransformOperator?> findOperator, Func<string, int, TransformExpression?> findDefinition, int outer = 0)
{
    // The part of a token that an error shows.
    private const int MaxShown = 24;

    // No real key has fewer hex digits.
    private const int LeastKey = 16;

    private readonly List<TransformStep> _steps = [];
    private int _next;
    private int _start;
    private Token _token;
    private string _word = "";

    private enum Token
    {
        Open,
        Close,
        Word,
        Quoted,
        End,
    }

    /// <summary>The words that are not operators.</summary>
    public static IReadOnlyList<string> Forms { get; } = ["idt", "chain", "inverse"];

    public TransformExpression Parse()
    {
        if (text.Length > TransformLanguage.MaxLength)
            throw Error(0, $"at most {TransformLanguage.MaxLength} characters expected, got {text.Length}");
        Read();
        // Wire protocol v1 writes this one without parentheses.
        if (_token == Token.Word && _word == BuiltIn.Xor.Name)
            ReadOperator(BuiltIn.Xor);
        else
            ReadExpression(depth: 0);
        if (_token != Token.End)
            throw Unexpected("the end");
        // A short name can stand for many steps. The canonical form must not become longer than a text that can be read.
        var length = TransformExpression.LengthOf(_steps);
        return length <= TransformLanguage.MaxLength
            ? new TransformExpression([.. _steps])
            : throw Error(0, $"a canonical form of at most {TransformLanguage.MaxLength} characters expected, got {length}");
    }

    private void ReadExpression(int depth)
    {
        if (_token == Token.Word)
        {
            ReadWord(depth);
            return;
        }

        if (_token != Token.Open)
            throw Unexpected("an expression");
        if (depth == TransformLanguage.MaxDepth)
            throw Error(_start, $"at most {TransformLanguage.MaxDepth} nested parentheses expected");
        RefuseDeepNesting(depth);
        Read();
        if (_token != Token.Word)
            throw Unexpected("an operator");
        switch (_word)
        {
            case "idt":
                Read();
                break;
            case "chain":
                Read();
                while (_token != Token.Close)
                    ReadExpression(depth + 1);
                break;
            case "inverse":
                Read();
                ReadInverse(depth + 1);
                break;
            default:
                ReadOperator(findOperator(_word) ?? throw Unexpected("an operator"));
                break;
        }

        if (_token != Token.Close)
            throw Unexpected("a closing parenthesis");
        Read();
    }

    // Without parentheses: a defined name, or an operator without arguments.
    private void ReadWord(int depth)
    {
        RefuseDeepNesting(depth);
        if (findDefinition(_word, outer + depth + 1) is { } defined)
        {
            foreach (var step in defined.Steps)
                Add(step);
            Read();
        }
        else if (findOperator(_word) is { Parameters.Count: 0 } alone)
        {
            ReadOperator(alone);
        }
        else if (_word == "idt")
        {
            Read();
        }
        else
        {
            throw Unexpected("an expression");
        }
    }

    private void ReadInverse(int depth)
    {
        var first = _steps.Count;
        ReadExpression(depth);
        _steps.Reverse(first, _steps.Count - first);
        for (var i = first; i < _steps.Count; i++)
            _steps[i] = _steps[i].Inverse();
    }

    private void ReadOperator(TransformOperator found)
    {
        var start = _start;
        var arguments = new TransformArgument[found.Parameters.Count];
        Read();
        for (var i = 0; i < arguments.Length; i++)
        {
            var parameter = found.Parameters[i];
            var form = parameter.Form == ArgumentForm.Hex ? Token.Quoted : Token.Word;
            arguments[i] = (_token == form ? parameter.Read(_word) : null) ?? throw (parameter.IsSecret ? Error(_start, $"{parameter.Expected} expected") : Unexpected(parameter.Expected));
            Read();
        }

        if (Refuse(found, arguments) is { } problem)
            throw Error(start, problem);
        Add(new TransformStep(found, arguments));
    }

    private static string? Refuse(TransformOperator found, TransformArgument[] arguments)
    {
        try
        {
            return found.Refuse(arguments) is { } problem ? FilterFault.OneLine(problem) : null;
        }
        catch (Exception error) when (found is TransformFilter)
        {
            return $"{found.Name} failed: {FilterFault.OneLine(error)}";
        }
    }

    // A name leads to another text, and each level uses some of the stack.
    private void RefuseDeepNesting(int depth)
    {
        if (outer + depth >= TransformLanguage.MaxNesting)
            throw Error(_start, $"at most {TransformLanguage.MaxNesting} nested names and parentheses expected");
    }

    private void Add(TransformStep step)
    {
        if (_steps.Count == TransformLanguage.MaxSteps)
            throw Error(_start, $"at most {TransformLanguage.MaxSteps} steps expected");
        _steps.Add(step);
    }

    private void Read()
    {
        SkipBlanks();
        _start = _next;
        _word = "";
        if (_next == text.Length)
        {
            _token = Token.End;
            return;
        }

        switch (text[_next])
        {
            case '(':
                _next++;
                _token = Token.Open;
                break;
            case ')':
                _next++;
                _token = Token.Close;
                break;
            case '"':
                var end = text.IndexOf('"', _next + 1);
                if (end < 0)
                    throw Error(_start, "a closing quote expected, got the end");
                _word = text[(_next + 1)..end];
                _next = end + 1;
                _token = Token.Quoted;
                break;
            default:
                while (_next < text.Length && !IsBlank(text[_next]) && text[_next] is not ('(' or ')' or '"' or ';'))
                    _next++;
                _word = text[_start.._next];
                _token = Token.Word;
                break;
        }
    }

    private void SkipBlanks()
    {
        for (; _next < text.Length; _next++)
        {
            if (text[_next] == ';')
                _next = text.IndexOf('\n', _next) is >= 0 and var end ? end : text.Length - 1;
            else if (!IsBlank(text[_next]))
                return;
        }
    }

    private static bool IsBlank(char character) => character is ' ' or '\t' or '\r' or '\n';

    private TransformSyntaxException Unexpected(string expected) => Error(_start, $"{expected} expected, got {_token switch
    {
        Token.End => "the end",
        Token.Open => "(",
        Token.Close => ")",
        Token.Quoted => $"\"{Shown(_word)}\"",
        _ => Shown(_word),
    }}");

    // A key that is mistyped, or at the wrong place, is a secret too.
    private static string Shown(string word) => word.Count(char.IsAsciiHexDigit) >= LeastKey
        ? $"… of {word.Length} characters"
        : new([.. (word.Length <= MaxShown ? word : $"{word[..MaxShown]}… of {word.Length} characters").Select(c => char.IsControl(c) ? '?' : c)]);

    private TransformSyntaxException Error(int index, string problem)
    {
        var before = text.AsSpan(0, index);
        return new TransformSyntaxException(before.Count('\n') + 1, index - before.LastIndexOf('\n'), problem);
    }
}
