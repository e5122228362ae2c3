using Microsoft.Net.Http.Headers;
using VideoApi.Media;

namespace VideoApi.Storage;

/// <summary>An open media file.</summary>
internal sealed class MediaFile : IAsyncDisposable
{
    // A playlist of a day in segments of a second has 3 MB.
    private const int MaxPlaylistBytes = 4 << 20;

    /// <summary>Describes a file as it is now; it belongs to this object from here on.</summary>
    public MediaFile(MediaType type, FileStream content)
    {
        Type = type;
        Content = content;
        Length = content.Length;
        LastModified = new DateTimeOffset(File.GetLastWriteTimeUtc(content.SafeFileHandle));
        ETag = $"\"{LastModified.UtcTicks:x}-{Length:x}\"";
    }

    /// <summary>What kind of file it is.</summary>
    public MediaType Type { get; }

    /// <summary>Its bytes.</summary>
    public FileStream Content { get; }

    /// <summary>How many bytes it had when opened.</summary>
    public long Length { get; }

    /// <summary>When it was last written.</summary>
    public DateTimeOffset LastModified { get; }

    /// <summary>A strong entity tag: time of writing, to the file system's precision, and length.</summary>
    public string ETag { get; }

    /// <summary>The same content in another encoding: equal in meaning, not byte by byte (RFC 9110 section 8.8.1).</summary>
    public EntityTagHeaderValue WeakETag => new(ETag, isWeak: true);

    /// <summary>Whether it is small enough to be read whole, as every real playlist is.</summary>
    public bool FitsInMemory => Length <= MaxPlaylistBytes;

    /// <summary>Reads the whole file; only when it fits in memory.</summary>
    /// <exception cref="IOException">It became shorter meanwhile, or cannot be read.</exception>
    public async Task<byte[]> ReadAsync(CancellationToken cancellation)
    {
        var bytes = new byte[FitsInMemory ? Length : throw new IOException($"a playlist of {Length} bytes is too long")];
        await Content.ReadExactlyAsync(bytes, cancellation);
        return bytes;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => Content.DisposeAsync();
}
