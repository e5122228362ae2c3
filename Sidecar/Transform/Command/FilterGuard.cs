using ByteFilters;
using Chassis;

namespace Sidecar.Transform.Command;

/// <summary>
/// Turns an exception of a transform into one line for the author of the expression, because it is not a bug of this program.
/// </summary>
internal static class FilterGuard
{
    /// <exception cref="UsageException">The code threw.</exception>
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
