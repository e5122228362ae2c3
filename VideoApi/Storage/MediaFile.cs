using Microsoft.Net.Http.Headers;
using VideoApi.Media;

namespace VideoApi.Storage;

/// <summary>A media file as it was when it was opened.</summary>
internal sealed class MediaFile : IAsyncDisposable
{
    // A playlist of a day in segments of a second has 3 MB.
    private const int MaxPlaylistBytes = 4 << 20;

    // RFC 9110 section 8.8.2.2 asks for a second; one more, because a file system's clock lags behind.
    private static readonly TimeSpan Unsettled = TimeSpan.FromSeconds(2);

    private readonly DateTimeOffset _changed;

    /// <summary>Describes a file as it is now; this object owns it from now on.</summary>
    public MediaFile(MediaType type, FileStream content)
    {
        Type = type;
        LastModified = new DateTimeOffset(File.GetLastWriteTimeUtc(content.SafeFileHandle));
        Content = new SnapshotStream(content);
        ETag = $"\"{LastModified.UtcTicks:x}-{Content.Length:x}\"";
        var changed = FileStatus.Of(content.SafeFileHandle).Changed;
        _changed = changed > LastModified ? changed : LastModified;
    }

    /// <summary>Its kind.</summary>
    public MediaType Type { get; }

    /// <summary>Its bytes at that time.</summary>
    public SnapshotStream Content { get; }

    /// <summary>Time of the last write.</summary>
    public DateTimeOffset LastModified { get; }

    /// <summary>A strong entity tag: time of writing, to the file system's precision, and length.</summary>
    public string ETag { get; }

    /// <summary>The tag of the same content in another encoding: equal in meaning, not byte by byte (RFC 9110 section 8.8.1).</summary>
    public EntityTagHeaderValue WeakETag => new(ETag, isWeak: true);

    /// <summary>Whether it is small enough to be read whole, as every real playlist is.</summary>
    public bool FitsInMemory => Content.Length <= MaxPlaylistBytes;

    /// <summary>Whether its date tells it from every other version: not soon after a change, because a date has whole seconds.</summary>
    public bool IsDateStrong(DateTimeOffset now) => now - _changed >= Unsettled;

    /// <summary>Whether its date can be sent: a client that gets it too early could take it for the date of a later version.</summary>
    public bool IsDateTold(DateTimeOffset now) => now - LastModified >= Unsettled;

    /// <summary>Whether length and time are still the same as when it was opened.</summary>
    public bool IsUnchanged() => Content.IsWhole && new DateTimeOffset(File.GetLastWriteTimeUtc(Content.Handle)) == LastModified;

    /// <summary>Reads the whole file, only if it fits in memory; fewer bytes if it becomes shorter meanwhile.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    public async Task<byte[]> ReadAsync(CancellationToken cancellation)
    {
        var bytes = new byte[FitsInMemory ? Content.Length : throw new IOException($"a playlist of {Content.Length} bytes is too long")];
        var filled = 0;
        while (filled < bytes.Length && await RandomAccess.ReadAsync(Content.Handle, bytes.AsMemory(filled), filled, cancellation) is > 0 and var count)
            filled += count;
        return filled == bytes.Length ? bytes : bytes[..filled];
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => Content.DisposeAsync();
}
