namespace Chassis.Metrics;

/// <summary>Renders labels into a caller's buffer, without allocation; what does not fit is cut at a label's value.</summary>
internal ref struct LabelWriter(Span<char> buffer)
{
    private readonly Span<char> _buffer = buffer;
    private int _length;

    public readonly ReadOnlySpan<char> Text => _buffer[.._length];

    public void Append(string name, object? value)
    {
        Span<char> number = stackalloc char[32];
        ReadOnlySpan<char> text = value switch
        {
            bool b => b ? "true" : "false",
            ISpanFormattable f when f.TryFormat(number, out var written, default, null) => number[..written],
            _ => value?.ToString(),
        };
        if (_length + name.Length + 4 > _buffer.Length)
            return;
        if (_length > 0)
            _buffer[_length++] = ',';
        foreach (var c in name)
            _buffer[_length++] = char.IsAsciiLetterOrDigit(c) ? c : '_';
        _buffer[_length++] = '=';
        _buffer[_length++] = '"';
        foreach (var c in text)
        {
            // One place for the closing quote, two for an escape.
            if (_length + 3 > _buffer.Length)
                break;
            // Text format 0.0.4: backslash, quote and line feed are escaped in a label's value.
            if (c is '\\' or '"' or '\n')
                _buffer[_length++] = '\\';
            _buffer[_length++] = c == '\n' ? 'n' : c;
        }

        _buffer[_length++] = '"';
    }
}
