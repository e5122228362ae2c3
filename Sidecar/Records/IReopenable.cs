namespace Sidecar.Records;

/// <summary>Has a file that other programs can rename, and opens it again when they ask for it.</summary>
internal interface IReopenable
{
    /// <summary>Whether it is a file at all.</summary>
    public bool IsFile { get; }

    /// <summary>Opens it again.</summary>
    public Task ReopenAsync();
}
