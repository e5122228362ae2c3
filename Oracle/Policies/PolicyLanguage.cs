using Chassis;
using Chassis.Settings;
using Oracle.Protocol.Expressions;

namespace Oracle.Policies;

/// <summary>The words that a policy file adds to the language of transforms: <c>filters</c> and <c>transforms</c>.</summary>
internal static class PolicyLanguage
{
    private const string Filters = "filters";
    private const string Transforms = "transforms";

    /// <summary>Notes its keys as known.</summary>
    public static void NoteKeys(SettingSet settings)
    {
        settings.ReadList(Filters, path => path);
        settings.ReadMap(Transforms);
    }

    /// <summary>Reads it.</summary>
    /// <exception cref="UsageException">A filter cannot be loaded, or a definition is wrong.</exception>
    public static TransformLanguage Read(SettingSet settings)
    {
        var language = TransformLanguage.Default;
        // One by one, so that an error names the assembly at fault.
        _ = settings.ReadList(Filters, path => language = language.With(FilterAssembly.Load(path)));
        var names = settings.ReadMap(Transforms);
        foreach (var word in new[] { TransformChoice.RandomWord, PolicyFile.DenyWord })
        {
            if (names.ContainsKey(word))
                throw settings.Find($"{Transforms}.{word}")!.Error($"{word}: the policy has this word already");
        }

        try
        {
            return language.Define(names);
        }
        catch (FormatException error)
        {
            // The message starts with the name that is wrong.
            var wrong = names.Keys.FirstOrDefault(name => error.Message.StartsWith(name + ":", StringComparison.Ordinal));
            throw (settings.Find($"{Transforms}.{wrong}") ?? settings.FindAny(Transforms))!.Error(error.Message);
        }
    }
}
