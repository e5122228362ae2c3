using Oracle.Protocol;
using Sidecar.Handshakes.Names;
using Xunit;
using static Sidecar.Tests.Handshakes.Names.HelloBytes;

namespace Sidecar.Tests.Handshakes.Names;

public sealed class ClientHelloNameTests
{
    [Theory]
    [InlineData("example.test", "example.test")]
    [InlineData("WWW.Example.TEST", "www.example.test")]
    [InlineData("", null)]
    [InlineData("192.0.2.1", null)]
    public async Task Hello_OfDotNet_HasTheNameHoweverItIsCutIntoRecords(string name, string? expected)
    {
        var hello = await OfSslStreamAsync(name);

        Assert.Equal((ReadStatus.Complete, expected), Look(hello));
        foreach (var size in new[] { 1, 2, 3, 4, 5, 50, hello.Length - 6, hello.Length })
            Assert.Equal((ReadStatus.Complete, expected), Look(InRecords(hello, size)));
    }

    [Fact]
    public async Task Hello_CutAtEveryByte_IsIncompleteUntilItsEnd()
    {
        var hello = await OfSslStreamAsync("example.test");
        foreach (var wire in new[] { hello, InRecords(hello, 40) })
        {
            for (var cut = 0; cut < wire.Length; cut++)
            {
                Assert.Equal((ReadStatus.Incomplete, null), Look(wire.AsMemory(..cut)));
                Assert.Equal((ReadStatus.Complete, "example.test"), Look(wire.AsMemory(..cut), wire.AsMemory(cut..)));
            }
        }
    }

    [Fact]
    public void Hello_WithBytesBehindIt_IsReadWithoutThem()
    {
        byte[] early = [.. Named("a.test"), 23, 3, 3, 0, 1, 0];
        Assert.Equal((ReadStatus.Complete, "a.test"), Look(early));
        // In the same record, too.
        byte[] message = [.. Named("a.test")[5..], 0, 0, 0, 0];
        Assert.Equal((ReadStatus.Complete, "a.test"), Look(Record(message)));
    }

    [Theory]
    [InlineData("a.test", "a.test")]
    [InlineData("A.Test.", "a.test")]
    [InlineData("xn--bcher-kva.test", "xn--bcher-kva.test")]
    [InlineData("_a.test", "_a.test")]
    [InlineData("", null)]
    [InlineData(".", null)]
    [InlineData("a test", null)]
    [InlineData("a.test\0", null)]
    [InlineData("b\u00fccher.test", null)]
    [InlineData("*.test", null)]
    [InlineData("a.test:443", null)]
    [InlineData("10.1.2.3", null)]
    [InlineData("::1", null)]
    [InlineData("[::1]", null)]
    [InlineData("0x7f.1", null)]
    public void Name_ThatIsNoHost_IsNone(string name, string? expected) => Assert.Equal((ReadStatus.Complete, expected), Look(Named(name)));

    [Fact]
    public void Name_OfTheGreatestLength_IsRead()
    {
        var name = string.Join('.', Enumerable.Repeat(new string('a', 62), 4)) + "b";
        Assert.Equal(252, name.Length);
        Assert.Equal((ReadStatus.Complete, name + "b"), Look(Named(name + "b.")));
        Assert.Equal((ReadStatus.Complete, null), Look(Named(name + "bc")));
    }

    public static TheoryData<byte[]> Nameless => [
        // No extensions at all, and none of server_name.
        Record(Message([3, 3, .. new byte[32], 0, 0, 2, 0x13, 1, 1, 0])),
        Hello(),
        Hello(Extension(43, 2, 3, 4)),
        // Two of them, two names, another kind of name, bytes behind the name or the list.
        Hello([.. ServerName("a.test"), .. ServerName("a.test")]),
        Hello(Extension(0, Vector([0, .. Vector("a.test"u8.ToArray()), 0, .. Vector("b.test"u8.ToArray())]))),
        Hello(Extension(0, Vector([1, .. Vector("a.test"u8.ToArray())]))),
        Hello(Extension(0, Vector([0, .. Vector("a.test"u8.ToArray()), 7]))),
        Hello(Extension(0, [.. Vector([0, .. Vector("a.test"u8.ToArray())]), 7])),
        Hello(Extension(0)),
        Hello(Extension(0, 0, 0)),
        // Lengths beyond the end.
        Hello(Extension(0, 0, 9, 0, 0, 6, 97)),
        Hello([0, 0, 0, 99, 0]),
        Hello([.. ServerName("a.test"), 0, 43, 0, 5]),
        Record(Message([3, 3, .. new byte[32], 33])),
        Record(Message([])),
        // Other records and messages.
        Sent(21, 3, 1, 0, 2, 1, 0),
        Sent(22, 3, 1, 0, 4, 2, 0, 0, 0),
        Sent(22, 2, 1, 0, 4, 1, 0, 0, 0),
        Sent(22, 3, 1, 0, 0),
        Sent(22, 3, 1, 0x40, 1),
        Sent([.. Record([1, 0, 1]), 21, 3, 1, 0, 2]),
        Sent([.. Record([1, 0, 1]), 22, 3, 1, 0, 0]),
    ];

    [Theory]
    [MemberData(nameof(Nameless))]
    public void Hello_WithoutOneName_IsDecidedAtOnce(byte[] wire) => Assert.Equal((ReadStatus.Complete, null), Look(wire));

    [Fact]
    public void Hello_ThatDoesNotFit_IsDecidedByItsLength()
    {
        var fits = Hello([.. ServerName("a.test"), .. Padding(NameSearch.MaxBytes - Hello([.. ServerName("a.test"), .. Padding(0)]).Length)]);
        Assert.Equal((NameSearch.MaxBytes, ReadStatus.Complete, "a.test"), (fits.Length, Look(fits).Status, Look(fits).Name));
        Assert.Equal((ReadStatus.Incomplete, null), Look(fits.AsMemory(..^1)));

        byte[] header = [22, 3, 1, 0x40, 0, 1, 0, 0x3F, 0xF8];
        Assert.Equal((ReadStatus.Complete, null), Look(header));
        // In many records it fits no more, although its own length would.
        var cut = InRecords(fits, 1000);
        Assert.Equal((ReadStatus.Incomplete, null), Look(cut.AsMemory(..(NameSearch.MaxBytes - 1))));
        Assert.Equal((ReadStatus.Complete, null), Look(cut));

        static byte[] Padding(int length) => Extension(21, new byte[length]);
    }

    private static byte[] Sent(params byte[] bytes) => bytes;
}
