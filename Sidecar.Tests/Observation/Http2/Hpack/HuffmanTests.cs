using System.Reflection;
using FsCheck;
using FsCheck.Fluent;
using Sidecar.Observation.Http2.Hpack;
using Xunit;

namespace Sidecar.Tests.Observation.Http2.Hpack;

public sealed class HuffmanTests
{
    private delegate int Decoder(ReadOnlySpan<byte> source, ref byte[] destination);

    // The decoder of .NET's own HTTP client, so that the code here is not only right by itself.
    private static readonly Decoder OfDotNet = (typeof(HttpClient).Assembly.GetType("System.Net.Http.HPack.Huffman", throwOnError: true)!
        .GetMethod("Decode", BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic) ?? throw new MissingMethodException("Huffman.Decode"))
        .CreateDelegate<Decoder>();

    [Fact]
    public void Decode_EachByteByItself_IsWhatDotNetReads()
    {
        for (var value = 0; value < 256; value++)
            AssertDecodes([(byte)value]);
    }

    [Fact]
    public void Decode_AnyText_IsWhatDotNetReads() =>
        Check.QuickThrowOnFailure(Prop.ForAll(ArbMap.Default.GeneratorFor<byte>().ArrayOf().ToArbitrary(), AssertDecodes));

    [Fact]
    public void Decode_AnyBits_IsWhatDotNetReadsOrRefuses()
    {
        var random = new Random(7541);
        var (read, refused) = (0, 0);
        for (var round = 0; round < 100_000; round++)
        {
            var encoded = new byte[random.Next(1, 6)];
            random.NextBytes(encoded);
            // Few random ones end in padding.
            if (random.Next(2) == 0)
                encoded[^1] |= 0x7F;
            var expected = TryDotNet(encoded);
            var decoded = TryDecode(encoded);
            Assert.True(expected is null ? decoded is null : decoded is not null && expected.AsSpan().SequenceEqual(decoded), Convert.ToHexString(encoded));
            _ = expected is null ? refused++ : read++;
        }

        Assert.All([read, refused], count => Assert.InRange(count, 10_000, 100_000));
    }

    [Fact]
    public void Decode_EndOfStringOrPaddingOfAByte_IsAnError()
    {
        Assert.Null(TryDecode(HuffmanCode.EncodeWithEnd("a"u8)));
        Assert.Null(TryDecode([0xFF]));
        // '0' is 00000, so 000 behind it are no ones.
        Assert.Null(TryDecode([0x00]));
        Assert.Null(TryDecode([.. HuffmanCode.Encode("ab"u8), 0xFF]));
        Assert.True(TryDecode([0x07]) is [(byte)'0']);
        Assert.True(TryDecode([]) is []);
    }

    private static void AssertDecodes(byte[] text)
    {
        var encoded = HuffmanCode.Encode(text);
        Assert.Equal(text, TryDotNet(encoded));
        Assert.Equal(text, TryDecode(encoded));
    }

    private static byte[]? TryDecode(byte[] encoded)
    {
        // Not a byte more than it may need.
        var decoded = new byte[Huffman.MaxDecoded(encoded.Length)];
        var length = Huffman.Decode(encoded, decoded);
        return length < 0 ? null : decoded[..length];
    }

    private static byte[]? TryDotNet(byte[] encoded)
    {
        try
        {
            var decoded = new byte[1];
            var length = OfDotNet(encoded, ref decoded);
            return decoded[..length];
        }
        catch (Exception e) when (e.GetType().Name == "HuffmanDecodingException")
        {
            return null;
        }
    }
}
