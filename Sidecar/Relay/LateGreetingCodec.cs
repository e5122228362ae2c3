using System.Buffers;
using Oracle.Protocol;
using Sidecar.Connections;
using Sidecar.Transform;

namespace Sidecar.Relay;

/// <summary>
/// The request's codec of a client that was silent, and so counts as plain: a greeting that it sends after all ends the connection. Its
/// first bytes are held back for as long as they could be one.
/// </summary>
/// <param name="codec">Gets all other bytes.</param>
/// <param name="info">Gets the reason.</param>
internal sealed class LateGreetingCodec(Codec codec, ConnectionInfo info) : Codec
{
    // The bytes held back are the beginning of a greeting, so their number is enough.
    private int _held;
    private bool _isDecided;

    /// <inheritdoc/>
    public override bool Apply(Span<byte> chunk, IBufferWriter<byte> output)
    {
        if (_isDecided)
            return codec.Apply(chunk, output);
        var rest = PeerGreeting.Start[_held..];
        var same = chunk.CommonPrefixLength(rest);
        if (same == rest.Length)
        {
            info.End(RelayEndReason.LateGreeting, "the client has greeted after its time to do so; it may be a sidecar behind a slow network: raise peek-timeout");
            throw new InvalidDataException("a late greeting");
        }

        if (same == chunk.Length)
        {
            _held += same;
            return false;
        }

        _isDecided = true;
        if (_held == 0)
            return codec.Apply(chunk, output);
        WriteHeld(output);
        if (codec.Apply(chunk, output))
            output.Write(chunk);
        return false;
    }

    /// <inheritdoc/>
    public override bool Finish(IBufferWriter<byte> output)
    {
        if (!_isDecided)
            WriteHeld(output);
        return codec.Finish(output);
    }

    /// <inheritdoc/>
    public override void Abort() => codec.Abort();

    private void WriteHeld(IBufferWriter<byte> output) => output.Write(PeerGreeting.Start[.._held]);
}
