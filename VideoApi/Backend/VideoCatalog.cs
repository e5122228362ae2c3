using VideoApi.Forwarding;
using VideoApi.Hosting;
using VideoApi.Media;
using VideoApi.Storage;

namespace VideoApi.Backend;

/// <summary>The storage's catalogue, kept for a few seconds.</summary>
internal sealed class VideoCatalog(UpstreamClient storage, TimeProvider time)
{
    /// <summary>How long a list is kept before the storage is asked again.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(5);

    private readonly TimedCache<IReadOnlyList<Video>> _videos = new(Lifetime, () => FetchAsync(storage), time);

    /// <summary>All videos.</summary>
    /// <exception cref="UpstreamException">The storage does not answer, or not as expected.</exception>
    public Task<IReadOnlyList<Video>> ListAsync(CancellationToken cancellation) => _videos.GetAsync(cancellation);

    /// <summary>One video; null if there is none with this id.</summary>
    /// <exception cref="UpstreamException">The storage does not answer, or not as expected.</exception>
    public async Task<Video?> FindAsync(string id, CancellationToken cancellation) =>
        (await ListAsync(cancellation)).FirstOrDefault(video => video.Id == id);

    private static async Task<IReadOnlyList<Video>> FetchAsync(UpstreamClient storage)
    {
        var entries = await storage.GetJsonAsync("/catalog.json", VideoJson.Default.CatalogEntryArray, CancellationToken.None)
            ?? throw new UpstreamException("the storage has no catalogue");
        return Array.TrueForAll(entries, IsSound)
            ? [.. entries.Select(entry => new Video(entry.Id, entry.Title, (long)Math.Round(entry.Duration), new Uri(storage.Origin, entry.Playlist).AbsoluteUri))]
            : throw new UpstreamException("the storage's catalogue is broken");
    }

    // The entry comes over the network: JSON leaves absent fields null, and a path must not lead elsewhere.
    private static bool IsSound(CatalogEntry? entry) =>
        entry is { Id: not null, Title: not null, Playlist: not null, Duration: >= 0 and < 1e9 }
        && MediaPath.IsName(entry.Id)
        && MediaPath.TrySplit(Uri.UnescapeDataString(entry.Playlist), out _);
}
