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
        var filters = settings.ReadList(Filters, FilterAssembly.Load) ?? [];
        var names = settings.ReadMap(Transforms);
        foreach (var word in new[] { TransformChoice.RandomWord, PolicyFile.DenyWord })
        {
            if (names.ContainsKey(word))
                throw settings.Find($"{Transforms}.{word}")!.Error($"{word}: the policy has this word already");
        }

        try
        {
            return TransformLanguage.With(filters.SelectMany(some => some)).Define(names);
        }
        catch (FormatException error)
        {
            // The message starts with the name that is wrong, be it a definition's or a filter's.
            var wrong = names.Keys.FirstOrDefault(name => error.Message.StartsWith(name + ":", StringComparison.Ordinal));
            throw (settings.Find($"{Transforms}.{wrong}") ?? settings.FindAny(Filters) ?? settings.FindAny(Transforms))!.Error(error.Message);
        }
    }
}
