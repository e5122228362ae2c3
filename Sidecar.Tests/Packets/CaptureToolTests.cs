using Sidecar.Tests.EndToEnd.Observation;
using Testing;
using Xunit;
using static Sidecar.Tests.Packets.Frames;

namespace Sidecar.Tests.Packets;

/// <summary>Files that other programs have written are read as what they are made of.</summary>
public sealed class CaptureToolTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("pcap")]
    [InlineData("nsecpcap")]
    [InlineData("pcapng")]
    public async Task Editcap_InAnyFormat_WritesTheSameFrames(string format)
    {
        var (source, target) = (Write(), _folder.File("target"));

        await Programs.RunAsync("editcap", "tshark", "-F", format, source, target);

        Assert.Equal(Read(source), Read(target));
    }

    [Theory]
    [InlineData("rawip", global::Packets.LinkType.Raw)]
    [InlineData("linux-sll", global::Packets.LinkType.LinuxSll)]
    [InlineData("linux-sll2", global::Packets.LinkType.LinuxSll2)]
    [InlineData("null", global::Packets.LinkType.Null)]
    [InlineData("loop", global::Packets.LinkType.Loop)]
    [InlineData("ieee-802-11", null)]
    public async Task Editcap_WithAnyLinkType_WritesItsNumber(string name, global::Packets.LinkType? link)
    {
        foreach (var format in new[] { "pcap", "pcapng" })
        {
            var (source, target) = (Write(), _folder.File("target"));

            await Programs.RunAsync("editcap", "tshark", "-F", format, "-T", name, source, target);

            Assert.Equal(Read(source).Select(frame => frame with { Link = link }), Read(target));
        }
    }

    [Fact]
    public async Task Editcap_ThatCutsFrames_KeepsTheirLengths()
    {
        var (source, target) = (Write(), _folder.File("target"));

        await Programs.RunAsync("editcap", "tshark", "-F", "pcapng", "-s", "60", source, target);

        Assert.Equal(Read(source).Select(frame => frame with { Bytes = frame.Bytes[..Math.Min(120, frame.Bytes.Length)] }), Read(target));
    }

    [Theory]
    [InlineData("micro")]
    [InlineData("nano")]
    public async Task Tcpdump_OfAFile_WritesTheSameFrames(string precision)
    {
        var (source, target) = (Write(), _folder.File("target"));

        await Programs.RunAsync("tcpdump", "tcpdump", "-r", source, "-w", target, $"--time-stamp-precision={precision}");

        Assert.Equal(Read(source), Read(target));
    }

    private string Write()
    {
        var file = _folder.File("source");
        File.WriteAllBytes(file, WrittenCapture.Pcap(SomeFrames()));
        return file;
    }

    private static IEnumerable<byte[]> SomeFrames()
    {
        var (client, server) = (System.Net.IPEndPoint.Parse("10.0.0.2:40000"), System.Net.IPEndPoint.Parse("10.0.0.3:9000"));
        for (var length = 0; length < 50; length++)
            yield return Frame(client, server, 1, Ack, new byte[length * length]);
    }

    private static IReadOnlyList<ReadFrame> Read(string file)
    {
        using var stream = File.OpenRead(file);
        return ReadCapture.Of(stream).Frames;
    }
}
