using System.Buffers;
using ByteFilters;
using Oracle.Protocol;
using Sidecar.Transform;
using Xunit;

namespace Sidecar.Tests.Transform;

public sealed class CodecTests
{
    public static TheoryData<string, Func<byte, byte>> Meanings => new()
    {
        { "idt", b => b },
        { "not", b => (byte)~b },
        { "xor 0", b => b },
        { "xor 42", b => (byte)(b ^ 42) },
        { "xor 255", b => (byte)(b ^ 255) },
    };

    // Lengths around the vector widths of every machine, at every alignment.
    [Theory]
    [MemberData(nameof(Meanings))]
    public void Apply_AnyLengthAndOffset_ChangesEachByteAndNoOther(string transform, Func<byte, byte> meaning)
    {
        var spec = TransformExpression.ParseWireForm(transform)!;
        var encode = CodecPair.For(spec, SidecarRole.Outbound, new TransformCache()).ToUpstream;
        for (var length = 0; length <= 200; length++)
        {
            var buffer = Enumerable.Range(0, length + 20).Select(i => (byte)(i * 7)).ToArray();
            var offset = length % 17;
            var expected = buffer.Select((b, i) => i >= offset && i < offset + length ? meaning(b) : b).ToArray();
            Assert.True(encode.Apply(buffer.AsSpan(offset, length), new ArrayBufferWriter<byte>()));
            Assert.Equal(expected, buffer);
        }
    }

    [Theory]
    [MemberData(nameof(Meanings))]
    public void Codec_OfAPair_GivesBackTheBytesInBothDirections(string transform, Func<byte, byte> meaning)
    {
        var spec = TransformExpression.ParseWireForm(transform)!;
        var (p1, p2) = (CodecPair.For(spec, SidecarRole.Outbound, new TransformCache()), CodecPair.For(spec, SidecarRole.Inbound, new TransformCache()));
        var plain = Enumerable.Range(0, 256).Select(i => (byte)i).ToArray();
        foreach (var (first, second) in new[] { (p1.ToUpstream, p2.ToUpstream), (p2.ToDownstream, p1.ToDownstream) })
        {
            var bytes = (byte[])plain.Clone();
            first.Apply(bytes, new ArrayBufferWriter<byte>());
            Assert.Equal(plain.Select(meaning), bytes);
            second.Apply(bytes, new ArrayBufferWriter<byte>());
            Assert.Equal(plain, bytes);
        }
    }
}
