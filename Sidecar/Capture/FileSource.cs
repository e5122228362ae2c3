using System.Globalization;
using System.Net;
using Chassis;
using Microsoft.Win32.SafeHandles;
using Packets;
using Sidecar.Options;

namespace Sidecar.Capture;

/// <summary>Packets of a file, or of stdin.</summary>
internal sealed class FileSource : ICaptureSource
{
    private const string Stdin = "-";

    private readonly FileStream _file;
    private readonly string _name;

    /// <summary>Opens it.</summary>
    /// <exception cref="UsageException">It cannot be opened.</exception>
    public FileSource(CaptureOptions options)
    {
        _name = options.File!;
        try
        {
            _file = _name == Stdin
                ? new FileStream(new SafeFileHandle(0, ownsHandle: false), FileAccess.Read, bufferSize: 0)
                : new FileStream(_name, new FileStreamOptions { Access = FileAccess.Read, Share = FileShare.ReadWrite, Options = FileOptions.SequentialScan, BufferSize = 0 });
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"{options.Origin} '{_name}': {OneLine.Of(error.Message)}; ebpf, packet, a capture file or - is expected", error);
        }
    }

    /// <inheritdoc/>
    public string Description => _name == Stdin ? "stdin" : $"the file {_name}";

    /// <inheritdoc/>
    public bool IsLive => false;

    /// <inheritdoc/>
    public long Lost => 0;

    /// <inheritdoc/>
    public string? Remark { get; private set; }

    /// <inheritdoc/>
    public void Run(IPacketSink sink, CancellationToken stop)
    {
        using var stream = new StoppableStream(_file, () => sink.Idle(0), stop);
        var reader = new CaptureReader(stream);
        while (!stop.IsCancellationRequested && reader.TryRead(out var frame))
        {
            if (frame.Link is { } link)
                sink.Packet(link, frame.Bytes, frame.WireLength, frame.Time, socket: default);
        }

        Remark = reader.IsCut ? "its last packet is not whole"
            : reader.UnknownFrames > 0 ? string.Create(CultureInfo.InvariantCulture, $"{reader.UnknownFrames} packets are of a link type that is not known")
            : null;
    }

    /// <inheritdoc/>
    public void Ignore(IPEndPoint client, IPEndPoint server, ulong network)
    {
        // The packets are in the file anyway.
    }

    public void Dispose() => _file.Dispose();
}
