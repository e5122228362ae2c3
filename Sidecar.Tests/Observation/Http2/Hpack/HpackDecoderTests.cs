using Sidecar.Observation;
using Sidecar.Observation.Http2.Hpack;
using Sidecar.Observation.Memory;
using Sidecar.Options;
using Xunit;

namespace Sidecar.Tests.Observation.Http2.Hpack;

public sealed class HpackDecoderTests
{
    private const string Broken = "a broken header block";

    [Theory]
    [InlineData("80")] // Index 0.
    [InlineData("BE")] // The dynamic table is empty.
    [InlineData("FF8080808001")] // 2^28 and a bit.
    [InlineData("FFFFFFFFFF7F")] // Beyond an int.
    [InlineData("FFFFC7FFFF0F")] // Beyond an int, and its low bits below 0.
    [InlineData("FF808080808000")] // Zeros that go on.
    [InlineData("FF")] // An integer cut off.
    [InlineData("40")] // No name.
    [InlineData("400161")] // No value.
    [InlineData("4002610161")] // A name that reaches into the value; then nothing.
    [InlineData("00016105")] // A value longer than the block.
    [InlineData("000161FFFFFFFF07")] // A value as long as an int.
    [InlineData("7F00")] // A name's index beyond the tables.
    [InlineData("0081FF0161")] // A Huffman string of padding alone.
    [InlineData("8220")] // A table's size behind a field.
    [InlineData("3F")] // A table's size cut off.
    public void Decode_OfNoSense_Fails(string hex) => Assert.Equal(Broken, Decode(new HpackDecoder(10_000, Unshared.Account()), hex));

    [Fact]
    public void Get_AllOfTheStaticTable_IsWhatDotNetHas()
    {
        var fields = (System.Collections.IEnumerable)typeof(HttpClient).Assembly.GetType("System.Net.Http.HPack.H2StaticTable", throwOnError: true)!
            .GetField("s_staticDecoderTable", System.Reflection.BindingFlags.NonPublic | System.Reflection.BindingFlags.Static)!.GetValue(null)!;
        var number = 0;
        foreach (var field in fields)
        {
            StaticTable.Get(++number, out var name, out var value);
            Assert.Equal((byte[])field.GetType().GetProperty("Name")!.GetValue(field)!, name.ToArray());
            Assert.Equal((byte[])field.GetType().GetProperty("Value")!.GetValue(field)!, value.ToArray());
        }

        Assert.Equal((61, 61), (number, StaticTable.Count));
    }

    [Fact]
    public void Table_OfAnySize_IsKeptAsFarAsItIsUsed()
    {
        var account = Unshared.Account();
        var decoder = new HpackDecoder(10_000, account);
        decoder.TableSize.Announce(uint.MaxValue);
        Assert.Null(Decode(decoder, HpackWriter.Integer(5, 0x20, int.MaxValue)));
        Assert.InRange(account.Held, 0, 10_000);
        var value = new string('v', 5000);
        for (var i = 0; i < 200; i++)
            Assert.Null(Decode(decoder, [0x40, .. HpackWriter.String($"n{i}", isHuffman: false), .. HpackWriter.String(value, isHuffman: false)]));
        var head = new MessageHeads(10_000, account).Rent();
        Assert.Null(decoder.Decode(HpackWriter.Integer(7, 0x80, 62 + 199), head));
        Assert.Equal("n0", System.Text.Encoding.ASCII.GetString(head.Name(0)));
        Assert.Equal(5000, head.Value(0).Length);
    }

    // The table has room for them, the account has not.
    [Fact]
    public void Fields_WithoutMemory_KeepTheirNumbersAndSizes()
    {
        var account = new ObservationMemory(ObservationLimits.DefaultMemory).Open();
        var decoder = new HpackDecoder(100_000, account);
        decoder.TableSize.Announce(100_000);
        Assert.Null(Decode(decoder, HpackWriter.Integer(5, 0x20, 100_000)));
        Assert.Null(Decode(decoder, [0x40, .. HpackWriter.String("before", isHuffman: false), .. HpackWriter.String("b", isHuffman: false)]));
        Assert.Null(Decode(decoder, [0x40, .. HpackWriter.String("lost", isHuffman: false), .. HpackWriter.String(new string('v', 20_000), isHuffman: false)]));
        // Its name again, which is lost as well.
        Assert.Null(Decode(decoder, [0x7E, .. HpackWriter.String("again", isHuffman: false)]));
        Assert.Null(Decode(decoder, [0x40, .. HpackWriter.String("after", isHuffman: false), .. HpackWriter.String("a", isHuffman: false)]));
        Assert.Equal(6 + 1 + 4 + 20_000 + 4 + 5 + 5 + 1 + (4 * DynamicTable.FieldOverhead), decoder.TableBytes);

        var head = new MessageHeads(10_000, account).Rent();
        Assert.Null(decoder.Decode([0xC1, 0xC0, 0xBF, 0xBE], head));
        Assert.True(head.IsTruncated);
        Assert.Equal(1, head.Count);
        Assert.Equal("before", System.Text.Encoding.ASCII.GetString(head.Name(0)));
        head.Release();
        Assert.Null(decoder.Decode([0xBE], head));
        Assert.Equal("after", System.Text.Encoding.ASCII.GetString(head.Name(0)));
        Assert.False(head.IsTruncated);
        head.GiveBack();
        decoder.Release();
    }

    [Fact]
    public void Table_BeyondWhatIsAllowed_FailsFromTheAcknowledgementOn()
    {
        var decoder = new HpackDecoder(10_000, Unshared.Account());
        Assert.Equal("a header table larger than was allowed", Decode(decoder, HpackWriter.Integer(5, 0x20, 4097)));
        decoder.TableSize.Announce(5000);
        decoder.TableSize.Sent();
        decoder.TableSize.Announce(100);
        decoder.TableSize.Sent();
        decoder.TableSize.Acknowledged();
        Assert.Null(Decode(decoder, HpackWriter.Integer(5, 0x20, 5000)));
        decoder.TableSize.Acknowledged();
        Assert.Equal("a header table larger than was allowed", Decode(decoder, HpackWriter.Integer(5, 0x20, 101)));
        Assert.Null(Decode(decoder, HpackWriter.Integer(5, 0x20, 100)));
    }

    [Fact]
    public void Field_LargerThanTheTable_EmptiesIt()
    {
        var decoder = new HpackDecoder(10_000, Unshared.Account());
        Assert.Null(Decode(decoder, "400161016282"));
        Assert.Equal(34, decoder.TableBytes);
        Assert.Null(Decode(decoder, [0x40, .. HpackWriter.String("n", isHuffman: false), .. HpackWriter.String(new string('v', 4064), isHuffman: false)]));
        Assert.Equal(0, decoder.TableBytes);
        Assert.Equal(Broken, Decode(decoder, "BE"));
    }

    [Fact]
    public void Name_OfAFieldThatGoesForIt_IsStillRead()
    {
        // 4096 - 32 bytes: each field replaces the field from which it takes its name.
        var decoder = new HpackDecoder(10_000, Unshared.Account());
        var name = new string('n', 4000);
        Assert.Null(Decode(decoder, [0x40, .. HpackWriter.String(name, isHuffman: false), .. HpackWriter.String("1", isHuffman: false)]));
        for (var i = 0; i < 20; i++)
        {
            var head = new MessageHeads(10_000, Unshared.Account()).Rent();
            Assert.Null(decoder.Decode([0x7E, .. HpackWriter.String($"{i}", isHuffman: i % 2 == 0)], head));
            Assert.Equal(name + i, System.Text.Encoding.ASCII.GetString(head.Name(0)) + System.Text.Encoding.ASCII.GetString(head.Value(0)));
            head.Release();
        }

        decoder.Release();
    }

    private static string? Decode(HpackDecoder decoder, string hex) => Decode(decoder, Convert.FromHexString(hex));

    private static string? Decode(HpackDecoder decoder, byte[] block)
    {
        var head = new MessageHeads(10_000, Unshared.Account()).Rent();
        var failure = decoder.Decode(block, head);
        head.Release();
        return failure;
    }
}
