using Chassis;
using Processes;

namespace Demo;

/// <summary>Copies the records of exchanges, which the sidecars write to their stdout, to where the user asked for them.</summary>
internal sealed class RecordCopy : IDisposable
{
    /// <summary>The word for stdout.</summary>
    public const string Stdout = "-";

    /// <summary>The options of a sidecar that writes its records to its stdout.</summary>
    public static readonly IReadOnlyList<string> SidecarOptions = ["--records", Stdout];

    // Other lines of a sidecar's stdout are records of connections; their first key is another one.
    private const string Start = "{\"ts\":";

    private readonly TextWriter _output;
    private readonly TextWriter _progress;
    private readonly bool _isOwn;
    private volatile bool _isBroken;

    /// <param name="path">A file, which is written anew, or <c>-</c>.</param>
    /// <param name="stdout">What <c>-</c> means.</param>
    /// <param name="progress">Told of faults.</param>
    /// <exception cref="UsageException">The file cannot be written.</exception>
    public RecordCopy(string path, TextWriter stdout, TextWriter progress)
    {
        (_progress, _isOwn) = (progress, path != Stdout);
        try
        {
            _output = _isOwn ? TextWriter.Synchronized(new StreamWriter(path)) : stdout;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new UsageException($"--records '{path}': {error.Message}", error);
        }
    }

    /// <summary>Takes a line of any program; those that are no such record are passed over. A full disk ends the copy, not the demo.</summary>
    public void Take(ProcessOutput output)
    {
        if (output.IsError || _isBroken || !output.Line.StartsWith(Start, StringComparison.Ordinal))
            return;
        try
        {
            _output.WriteLine(output.Line);
        }
        catch (IOException error)
        {
            _isBroken = true;
            _progress.WriteLine($"demo: the records end here: {error.Message}");
        }
    }

    public void Dispose()
    {
        try
        {
            // Stdout is somebody else's.
            if (_isOwn)
                _output.Dispose();
            else
                _output.Flush();
        }
        catch (IOException error)
        {
            _progress.WriteLine($"demo: the records end here: {error.Message}");
        }
    }
}
