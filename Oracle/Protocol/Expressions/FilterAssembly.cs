using System.Reflection;

namespace Oracle.Protocol.Expressions;

/// <summary>An assembly with operators of a user's own.</summary>
public static class FilterAssembly
{
    /// <summary>Loads an assembly, with what lies beside it, and makes one of each of its <see cref="TransformFilter"/>s.</summary>
    /// <param name="path">Path of the assembly; a relative one starts at the working folder.</param>
    /// <exception cref="FormatException">Says in one line why there is none.</exception>
    public static IReadOnlyList<TransformFilter> Load(string path)
    {
        if (!File.Exists(path))
            throw new FormatException("there is no such file");
        var filters = TypesOf(path).Where(type => type.IsSubclassOf(typeof(TransformFilter)) && !type.IsAbstract).Select(Create).ToList();
        return filters.Count > 0 ? filters : throw new FormatException("no public class in it derives from TransformFilter");
    }

    private static Type[] TypesOf(string path)
    {
        try
        {
            return Assembly.LoadFrom(Path.GetFullPath(path)).GetExportedTypes();
        }
        catch (BadImageFormatException error)
        {
            throw new FormatException("it is no .NET assembly", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or TypeLoadException or ReflectionTypeLoadException)
        {
            throw new FormatException(FilterFault.OneLine(error), error);
        }
    }

    // All of this is a user's code, which may throw anything.
    private static TransformFilter Create(Type type)
    {
        if (type.ContainsGenericParameters || type.GetConstructor([]) is null)
            throw new FormatException($"{type.Name}: a public constructor that takes nothing, and no type parameters, are expected");
        try
        {
            var filter = (TransformFilter)Activator.CreateInstance(type)!;
            if (filter.Name is null || filter.Parameters is null || filter.Parameters.Contains(null))
                throw new FormatException($"{type.Name}: its name or its parameters are null");
            return filter;
        }
        catch (Exception error) when (error is not FormatException)
        {
            var cause = error is TargetInvocationException { InnerException: { } inner } ? inner : error;
            throw new FormatException($"{type.Name}: it failed: {FilterFault.OneLine(cause)}", error);
        }
    }
}

/// <summary>What a user's code threw, in words.</summary>
internal static class FilterFault
{
    /// <summary>The message, or the exception's type where it has none, on one line.</summary>
    public static string OneLine(Exception error)
    {
        var words = error.Message.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        return words.Length > 0 ? string.Join(' ', words) : error.GetType().Name;
    }
}
