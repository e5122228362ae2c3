using System.Reflection;

namespace Oracle.Protocol.Expressions;

/// <summary>An assembly with operators of a user's own.</summary>
public static class FilterAssembly
{
    /// <summary>Loads an assembly, with what lies beside it, and makes one of each of its <see cref="TransformFilter"/>s.</summary>
    /// <param name="path">Path of the assembly.</param>
    /// <exception cref="FormatException">Says why there is none.</exception>
    public static IReadOnlyList<TransformFilter> Load(string path)
    {
        try
        {
            var filters = Assembly.LoadFrom(Path.GetFullPath(path)).GetExportedTypes()
                .Where(type => type.IsSubclassOf(typeof(TransformFilter)) && !type.IsAbstract)
                .Select(type => (TransformFilter)Activator.CreateInstance(type)!)
                .ToList();
            return filters.Count > 0 ? filters : throw new FormatException("no public class in it derives from TransformFilter");
        }
        catch (Exception error) when (error is IOException or BadImageFormatException or TypeLoadException or MissingMethodException or ReflectionTypeLoadException)
        {
            throw new FormatException(OneLine(error), error);
        }
        catch (TargetInvocationException error)
        {
            throw new FormatException($"a filter's constructor failed: {OneLine(error.InnerException!)}", error);
        }
    }

    // A missing file's message ends with a line feed.
    private static string OneLine(Exception error) => error.Message.ReplaceLineEndings(" ").Trim();
}
