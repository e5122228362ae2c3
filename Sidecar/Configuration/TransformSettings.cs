using Chassis.Settings;
using Oracle.Protocol.Expressions;

namespace Sidecar.Configuration;

/// <summary>Reads the words that a configuration adds to the language of transforms: <c>filters</c> and <c>transforms</c>.</summary>
internal static class TransformSettings
{
    /// <exception cref="Chassis.UsageException">A filter cannot be loaded, or a definition is wrong.</exception>
    public static TransformLanguage Read(SettingSet settings)
    {
        var filters = settings.ReadList("filters", FilterAssembly.Load) ?? [];
        try
        {
            return TransformLanguage.With(filters.SelectMany(f => f)).Define(settings.ReadMap("transforms"));
        }
        catch (FormatException error)
        {
            throw (settings.FindAny("transforms") ?? settings.FindAny("filters"))!.Error(error.Message);
        }
    }
}
