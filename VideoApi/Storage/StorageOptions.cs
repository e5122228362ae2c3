using VideoApi.Hosting;

namespace VideoApi.Storage;

/// <summary>What the storage needs.</summary>
/// <param name="Listener">Where it listens.</param>
/// <param name="Folder">The folder that holds the videos, one sub-folder each.</param>
internal sealed record StorageOptions(Listener Listener, string Folder);
