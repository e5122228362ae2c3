using System.ComponentModel;
using System.Diagnostics;

namespace Processes;

/// <summary>The only place that starts child processes.</summary>
internal static class ChildProcess
{
    /// <summary>Starts a command with its three streams redirected.</summary>
    /// <exception cref="ProcessFailedException">The program does not exist or may not be run.</exception>
    public static Process Start(ProcessCommand command)
    {
        var start = new ProcessStartInfo(command.Words[0], command.Words.Skip(1))
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in command.Environment)
            start.Environment[name] = value;
        try
        {
            return StartingThread.Run(() => Process.Start(start)!);
        }
        catch (Win32Exception error)
        {
            throw new ProcessFailedException($"{command.Name}: cannot run '{command.Words[0]}': {error.Message}", error);
        }
    }
}
