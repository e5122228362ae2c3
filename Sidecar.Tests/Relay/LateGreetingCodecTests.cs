using System.Buffers;
using System.Text;
using ByteFilters;
using Oracle.Protocol;
using Sidecar.Connections;
using Sidecar.Relay;
using Sidecar.Tests.Support;
using Sidecar.Transform;
using Xunit;

namespace Sidecar.Tests.Relay;

/// <summary>Bytes of a client that was silent: a greeting is never passed on, everything else arrives as it was sent.</summary>
public sealed class LateGreetingCodecTests
{
    private readonly ConnectionInfo _info = Stage.Open(new MemoryConnection(), Stage.Listener(SidecarRole.Inbound));

    [Theory]
    [InlineData("b")]
    [InlineData("bonjour")]
    [InlineData("bonjou\nbonjour x\n")]
    [InlineData("bonjour\tx")]
    [InlineData("GET / HTTP/1.1\r\n\r\nbonjour abc\n")]
    [InlineData(" bonjour abc\n")]
    [InlineData("")]
    public void Bytes_ThatAreNoGreeting_ArriveHoweverTheyAreCut(string text)
    {
        foreach (var pieces in Cuts(text))
            Assert.Equal((text, null), Pass(pieces));
    }

    [Theory]
    [InlineData("bonjour abc\n")]
    [InlineData("bonjour ")]
    public void Greeting_HoweverItIsCut_EndsTheConnectionWithoutAByte(string text)
    {
        foreach (var pieces in Cuts(text))
            Assert.Equal(("", RelayEndReason.LateGreeting), Pass(pieces));
    }

    // Whole, in two pieces at each place, and byte by byte.
    private static IEnumerable<string[]> Cuts(string text) =>
        Enumerable.Range(0, text.Length).Select(at => (string[])[text[..at], text[at..]]).Append([.. text.Select(c => c.ToString())]);

    private (string Passed, RelayEndReason? Reason) Pass(string[] pieces)
    {
        var info = Stage.Open(new MemoryConnection(), _info.Listener);
        var codec = new LateGreetingCodec(new InPlaceCodec(new Plain()), info);
        var (passed, output) = (new StringBuilder(), new ArrayBufferWriter<byte>());
        try
        {
            foreach (var piece in pieces.Where(piece => piece.Length > 0))
            {
                output.ResetWrittenCount();
                var chunk = Encoding.Latin1.GetBytes(piece);
                passed.Append(Encoding.Latin1.GetString(codec.Apply(chunk, output) ? chunk : output.WrittenSpan));
            }

            output.ResetWrittenCount();
            Assert.True(codec.Finish(output));
            passed.Append(Encoding.Latin1.GetString(output.WrittenSpan));
        }
        catch (InvalidDataException)
        {
            codec.Abort();
        }

        return (passed.ToString(), info.Failure?.Reason);
    }

    private sealed class Plain : ByteTransform
    {
        public override void Apply(Span<byte> bytes)
        {
        }
    }
}
