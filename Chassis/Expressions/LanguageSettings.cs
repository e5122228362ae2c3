using ByteFilters;
using Chassis.Settings;

namespace Chassis.Expressions;

/// <summary>The words that a configuration adds to the language of transforms: <c>filters</c> and <c>transforms</c>.</summary>
public static class LanguageSettings
{
    private const string Filters = "filters";
    private const string Transforms = "transforms";

    /// <summary>Notes its keys as known.</summary>
    /// <exception cref="UsageException">One of them is no list of values, the other no mapping to values.</exception>
    public static void NoteKeys(SettingSet settings)
    {
        settings.ReadList(Filters, path => path);
        settings.ReadMap(Transforms);
    }

    /// <summary>A language with these words more.</summary>
    /// <exception cref="UsageException">A filter cannot be loaded, or a definition is wrong: it names the one, with its line.</exception>
    public static TransformLanguage Read(SettingSet settings, TransformLanguage language)
    {
        // One by one, so that an error names the assembly at fault.
        _ = settings.ReadList(Filters, path => language = language.With(FilterAssembly.Load(path)));
        var texts = settings.ReadMap(Transforms);
        try
        {
            var read = texts.Keys.ToDictionary(name => name, name => settings.Read($"{Transforms}.{name}", "", Values.OrFile(text => text)), StringComparer.OrdinalIgnoreCase);
            return language.Define(read);
        }
        catch (DefinitionException error)
        {
            throw settings.Find($"{Transforms}.{error.Name}")!.Error(error.Message);
        }
    }
}
