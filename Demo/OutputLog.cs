using System.Collections.Concurrent;
using Chassis;
using Processes;

namespace Demo;

/// <summary>Shows the programs' lines and writes them to files, as far as the user asked for either.</summary>
internal sealed class OutputLog : IDisposable
{
    private readonly ConcurrentDictionary<string, TextWriter> _files = new();
    private readonly DirectoryInfo? _folder;
    private readonly TextWriter _progress;
    private readonly bool _show;

    /// <summary>Creates the folder, if one is asked for.</summary>
    /// <param name="folder">Where the files go, or null.</param>
    /// <param name="progress">Where the lines are shown, and faults told.</param>
    /// <param name="show">Whether lines are shown.</param>
    /// <exception cref="UsageException">The folder cannot be made.</exception>
    public OutputLog(DirectoryInfo? folder, TextWriter progress, bool show)
    {
        (_folder, _progress, _show) = (folder, progress, show);
        try
        {
            folder?.Create();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"--log-folder '{folder}': {error.Message}", error);
        }
    }

    /// <summary>Opens the program's file, so that what is wrong with it shows before it runs.</summary>
    /// <exception cref="UsageException">The file cannot be written.</exception>
    public void Open(string program)
    {
        if (_folder is null)
            return;
        var path = Path.Combine(_folder.FullName, program + ".log");
        try
        {
            _files[program] = TextWriter.Synchronized(new StreamWriter(path) { AutoFlush = true });
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"--log-folder '{path}': {error.Message}", error);
        }
    }

    /// <summary>Takes a line. A full disk ends the file, not the program.</summary>
    public void Write(ProcessOutput output)
    {
        if (_show)
            _progress.WriteLine($"{output.Process,-8} | {output.Line}");
        if (!_files.TryGetValue(output.Process, out var file))
            return;
        try
        {
            file.WriteLine(output.Line);
        }
        catch (IOException error)
        {
            _files.TryRemove(output.Process, out _);
            _progress.WriteLine($"demo: the log of {output.Process} ends here: {error.Message}");
        }
    }

    public void Dispose()
    {
        foreach (var file in _files.Values)
            file.Dispose();
    }
}
