using ByteFilters;
using Chassis;

namespace Sidecar.Transform.Command;

/// <summary>What a transform throws is one line for whoever wrote the expression, not a bug of this program.</summary>
internal static class FilterGuard
{
    /// <exception cref="UsageException">It threw.</exception>
    public static T Run<T>(Func<T> code)
    {
        try
        {
            return code();
        }
        catch (Exception error)
        {
            throw new UsageException($"the transform failed: {FilterFault.OneLine(error)}", error);
        }
    }

    /// <inheritdoc cref="Run{T}"/>
    public static void Run(Action code) => Run(() =>
    {
        code();
        return true;
    });
}
