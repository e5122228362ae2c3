using Chassis.Settings;
using Oracle.Protocol.Expressions;

namespace Sidecar.Configuration;

/// <summary>Reads the words that a configuration adds to the language of transforms: <c>filters</c> and <c>transforms</c>.</summary>
internal static class TransformSettings
{
    /// <exception cref="Chassis.UsageException">A filter cannot be loaded, or a definition is wrong.</exception>
    public static TransformLanguage Read(SettingSet settings)
    {
        var language = TransformLanguage.Default;
        // One by one, so that an error names the assembly at fault.
        _ = settings.ReadList("filters", path => language = language.With(FilterAssembly.Load(path)));
        var definitions = settings.ReadMap("transforms");
        try
        {
            return language.Define(definitions);
        }
        catch (FormatException error)
        {
            throw settings.FindAny("transforms")!.Error(error.Message);
        }
    }
}
