using ByteFilters;
using Chassis.Settings;

namespace Chassis.Expressions;

/// <summary>The words that a configuration adds to the language of transforms: <c>filters</c> and <c>transforms</c>.</summary>
public static class LanguageSettings
{
    private const string Filters = "filters";
    private const string Transforms = "transforms";

    // In place of a definition that is wrong.
    private const string Blank = "idt";

    /// <summary>Notes its keys as known.</summary>
    public static void NoteKeys(SettingSet settings)
    {
        settings.ReadList(Filters, path => path);
        settings.ReadMap(Transforms);
    }

    /// <summary>A language with these words more. A filter that cannot be loaded, and a definition that makes no sense, is wrong; see <see cref="ParserOf"/>.</summary>
    public static TransformLanguage Read(SettingSet settings, TransformLanguage language)
    {
        // One by one, so that an error names the assembly at fault.
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
                // What uses it is not to blame. A name that cannot be one leaves.
                if (texts[error.Name] == Blank)
                    texts.Remove(error.Name);
                else
                    texts[error.Name] = Blank;
            }
        }

        return language;
    }

    /// <summary>Reads expressions. Where a word of the configuration's own is wrong, any text goes: who uses that word is not to blame.</summary>
    public static Func<string, TransformExpression> ParserOf(SettingSet settings, TransformLanguage language) =>
        settings.IsWrong(Filters) || settings.IsWrong(Transforms) ? _ => TransformExpression.Identity : language.Parse;
}
