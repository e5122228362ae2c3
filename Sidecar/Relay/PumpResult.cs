namespace Sidecar.Relay;

/// <summary>How one direction ended.</summary>
internal enum PumpEnd
{
    /// <summary>The source ended its stream, and all of it was passed on.</summary>
    EndOfStream,

    /// <summary>The source was reset by its peer.</summary>
    SourceReset,

    /// <summary>The sink takes no more bytes.</summary>
    SinkClosed,

    /// <summary>This process closed the connection during a read: a limit or a drain.</summary>
    Aborted,

    /// <summary>The codec threw.</summary>
    CodecFailed,

    /// <summary>The source ended its stream before the end mark of the codec; the bytes before that were passed on.</summary>
    Truncated,
}

/// <summary>How one direction ended, with the error behind it in words if there was one.</summary>
internal readonly record struct PumpResult(PumpEnd End, string? Detail = null);
