namespace Sidecar.Records;

/// <summary>Has a file that others may rename, and opens it anew when they say so.</summary>
internal interface IReopenable
{
    /// <summary>Whether it is a file at all.</summary>
    public bool IsFile { get; }

    /// <summary>Opens it anew.</summary>
    public Task ReopenAsync();
}
