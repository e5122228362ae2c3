namespace VideoApi.Storage;

/// <summary>
/// A file became shorter while it was read. The framework handles it like every cancellation and ends the connection without
/// another word, because a cut answer must not look complete.
/// </summary>
internal sealed class FileShrankException(long length, long position)
    : OperationCanceledException($"the file had {length} bytes and ends at {position} now");
