using System.Globalization;
using Processes;

namespace Demo.Transparent;

/// <summary>The users that programs run as in a pod; the rules leave what the sidecar's sends alone.</summary>
internal static class Users
{
    public const int Sidecar = 1337;
    public const int Application = 1339;

    /// <summary>The words before a command that run it as a user without any privilege, in the root folder.</summary>
    public static IEnumerable<string> RunAs(int user)
    {
        var id = user.ToString(CultureInfo.InvariantCulture);
        // Diagnostics off: the sockets of a killed process would stay in the temporary folder.
        return [.. ProcessCommand.EndWithParent, $"--reuid={id}", $"--regid={id}", "--clear-groups", "--no-new-privs", "env", "--chdir=/", "DOTNET_EnableDiagnostics=0"];
    }
}
