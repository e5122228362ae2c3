namespace VideoApi.Storage;

/// <summary>
/// A file became shorter while it was read. The framework takes it, as every cancellation, for a reason to end the connection
/// without a word: an answer that is cut must not look whole.
/// </summary>
internal sealed class FileShrankException(long length, long position)
    : OperationCanceledException($"the file had {length} bytes and ends at {position} now");
