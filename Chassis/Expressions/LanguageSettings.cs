using ByteFilters;
using Chassis.Settings;

namespace Chassis.Expressions;

/// <summary>The words that a configuration adds to the language of transforms: <c>filters</c> and <c>transforms</c>.</summary>
public static class LanguageSettings
{
    private const string Filters = "filters";
    private const string Transforms = "transforms";

    // Replaces a wrong definition.
    private const string Blank = "idt";

    /// <summary>Marks its keys as known.</summary>
    public static void NoteKeys(SettingSet settings)
    {
        settings.ReadList(Filters, path => path);
        settings.ReadMap(Transforms);
    }

    /// <summary>
    /// The language with these words added. A filter that cannot be loaded and a definition without meaning are errors; see
    /// <see cref="ParserOf"/>.
    /// </summary>
    public static TransformLanguage Read(SettingSet settings, TransformLanguage language)
    {
        // One by one, so that an error names the assembly that caused it.
        _ = settings.ReadList(Filters, path => language = language.With(FilterAssembly.Load(path)));
        var texts = settings.ReadMap(Transforms).Keys.ToDictionary(
            name => name, name => settings.Read($"{Transforms}.{name}", "", Values.OrFile(text => text)), StringComparer.OrdinalIgnoreCase);
        while (!settings.IsWrong(Filters))
        {
            try
            {
                return language.Define(texts);
            }
            catch (DefinitionException error)
            {
                var setting = settings.Find($"{Transforms}.{error.Name}")!;
                if (!settings.IsWrong(setting.Key))
                    settings.Refuse(setting, error.Message);
                // A text that uses a wrong name is not an error itself. A name that is not allowed is removed.
                if (texts[error.Name] == Blank)
                    texts.Remove(error.Name);
                else
                    texts[error.Name] = Blank;
            }
        }

        return language;
    }

    /// <summary>
    /// Reads expressions. If one of the configuration's words is wrong, any text is accepted, because a text that uses the word is not the
    /// error.
    /// </summary>
    public static Func<string, TransformExpression> ParserOf(SettingSet settings, TransformLanguage language) =>
        settings.IsWrong(Filters) || settings.IsWrong(Transforms) ? _ => TransformExpression.Identity : language.Parse;
}
