using VideoApi.Hosting;

namespace VideoApi.Storage;

/// <summary>The storage's options.</summary>
/// <param name="Listener">Its listener.</param>
/// <param name="Folder">The folder that holds the videos, one sub-folder each.</param>
internal sealed record StorageOptions(Listener Listener, string Folder);
