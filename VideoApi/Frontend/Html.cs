using System.Text.Encodings.Web;

namespace VideoApi.Frontend;

/// <summary>Text that is HTML already. Any other text that is put into it is encoded.</summary>
/// <param name="Text">The markup.</param>
internal readonly record struct Html(string Text)
{
    /// <summary>Fills a template; every hole is encoded unless it holds <see cref="Html"/>.</summary>
    public static Html Of(FormattableString template) => new(string.Format(Encoder.Instance, template.Format, template.GetArguments()));

    /// <summary>Joins parts.</summary>
    public static Html Join(IEnumerable<Html> parts) => new(string.Concat(parts.Select(part => part.Text)));

    /// <inheritdoc/>
    public override string ToString() => Text;

    private sealed class Encoder : IFormatProvider, ICustomFormatter
    {
        public static readonly Encoder Instance = new();

        public object? GetFormat(Type? formatType) => formatType == typeof(ICustomFormatter) ? this : null;

        public string Format(string? format, object? arg, IFormatProvider? formatProvider) =>
            arg is Html html ? html.Text : HtmlEncoder.Default.Encode(arg?.ToString() ?? "");
    }
}
