using System.Diagnostics.CodeAnalysis;
using System.Reflection;

namespace ByteFilters;

/// <summary>An assembly with operators that a user wrote.</summary>
public static class FilterAssembly
{
    private const string Switch = "ByteFilters.FilterAssembly.IsSupported";

    /// <summary>
    /// Whether this program can load assemblies. The switch is off in native builds, which contain only the code that they need.
    /// </summary>
    [FeatureSwitchDefinition(Switch)]
    [FeatureGuard(typeof(RequiresUnreferencedCodeAttribute))]
    public static bool IsSupported { get; } = !AppContext.TryGetSwitch(Switch, out var isOn) || isOn;

    /// <summary>
    /// Loads an assembly, with the assemblies in its folder that it needs, and makes one instance of each of its
    /// <see cref="TransformFilter"/>s.
    /// </summary>
    /// <param name="path">Path of the assembly; a relative one starts at the working folder.</param>
    /// <exception cref="FormatException">The assembly has no filter or cannot be loaded; the message is one line.</exception>
    public static IReadOnlyList<TransformFilter> Load(string path)
    {
        if (!IsSupported)
            throw new FormatException("a native build loads no assemblies; use the build for the .NET runtime");
        if (!File.Exists(path))
            throw new FormatException("there is no such file");
        return Read(path);
    }

    [RequiresUnreferencedCode("The assembly may use what trimming leaves out.")]
    private static List<TransformFilter> Read(string path)
    {
        var filters = TypesOf(path).Where(type => type.IsSubclassOf(typeof(TransformFilter)) && !type.IsAbstract).Select(Create).ToList();
        return filters.Count > 0 ? filters : throw new FormatException("no public class in it derives from TransformFilter");
    }

    [RequiresUnreferencedCode("The assembly may use what trimming leaves out.")]
    private static Type[] TypesOf(string path)
    {
        try
        {
            return Assembly.LoadFrom(Path.GetFullPath(path)).GetExportedTypes();
        }
        catch (BadImageFormatException error)
        {
            throw new FormatException("it is not a .NET assembly", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or TypeLoadException or ReflectionTypeLoadException)
        {
            throw new FormatException(FilterFault.OneLine(error), error);
        }
    }

    // All of this is the user's code, which can throw anything. Even its constructors can need assemblies that are missing.
    [RequiresUnreferencedCode("The assembly may use what trimming leaves out.")]
    private static TransformFilter Create(Type type)
    {
        string problem;
        Exception? cause = null;
        try
        {
            if (type.ContainsGenericParameters || type.GetConstructor([]) is null)
            {
                problem = "a public constructor that takes nothing, and no type parameters, are expected";
            }
            else
            {
                var filter = (TransformFilter)Activator.CreateInstance(type)!;
                if (filter.Name is not null && filter.Parameters is { } parameters && !parameters.Contains(null))
                    return filter;
                problem = "its name or its parameters are null";
            }
        }
        catch (Exception error)
        {
            cause = error is TargetInvocationException { InnerException: { } inner } ? inner : error;
            problem = $"it failed: {FilterFault.OneLine(cause)}";
        }

        throw new FormatException($"{type.Name}: {problem}", cause);
    }
}
