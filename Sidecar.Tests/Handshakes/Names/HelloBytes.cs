using System.Net.Security;
using System.Text;
using Oracle.Protocol;
using Sidecar.Handshakes.Names;
using Sidecar.Tests.Support;
using Xunit;

namespace Sidecar.Tests.Handshakes.Names;

/// <summary>First bytes of TLS clients, put together from the specification or written by .NET.</summary>
internal static class HelloBytes
{
    /// <summary>The first bytes of .NET's TLS client; with an empty name it sends none.</summary>
    public static async Task<byte[]> OfSslStreamAsync(string name)
    {
        var server = new SilentServer();
        await using var tls = new SslStream(server);
        try
        {
            await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = name });
        }
        catch (IOException)
        {
            // The server closes instead of an answer.
        }

        return server.Received;
    }

    /// <summary>A ClientHello with these extensions.</summary>
    public static byte[] Hello(params byte[] extensions) => Record(Message(
        [3, 3, .. Enumerable.Range(0, 32).Select(i => (byte)i), 2, 9, 9, 0, 4, 0x13, 1, 0x13, 2, 1, 0, .. Vector(extensions)]));

    /// <summary>A ClientHello with a server name, between two other extensions.</summary>
    public static byte[] Named(string name) => Hello([.. Extension(43, 2, 3, 4), .. ServerName(name), .. Extension(16, new byte[12])]);

    /// <summary>The extension server_name with one name.</summary>
    public static byte[] ServerName(string name) => Extension(0, Vector([0, .. Vector(Encoding.Latin1.GetBytes(name))]));

    public static byte[] Extension(byte type, params byte[] data) => [0, type, .. Vector(data)];

    /// <summary>A length of two bytes, and the bytes.</summary>
    public static byte[] Vector(byte[] bytes) => [(byte)(bytes.Length >> 8), (byte)bytes.Length, .. bytes];

    /// <summary>A handshake message of type ClientHello.</summary>
    public static byte[] Message(byte[] body) => [1, 0, .. Vector(body)];

    /// <summary>A record with handshake messages.</summary>
    public static byte[] Record(byte[] fragment) => [22, 3, 1, .. Vector(fragment)];

    /// <summary>The same message in records of this size.</summary>
    public static byte[] InRecords(byte[] hello, int size) => [.. hello[5..].Chunk(size).SelectMany(Record)];

    /// <summary>What the search says of bytes that come in parts.</summary>
    public static (ReadStatus Status, string? Name) Look(params IEnumerable<ReadOnlyMemory<byte>> parts)
    {
        var buffer = Bytes.Segmented(parts);
        var status = NameSearch.Parse(buffer, out var consumed, out var name);
        Assert.Equal(buffer.Start, consumed);
        return (status, name);
    }

    private sealed class SilentServer : MemoryStream
    {
        public byte[] Received { get; private set; } = [];

        // The client waits for an answer: until then it has sent its hello alone.
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (Received.Length == 0)
                Received = ToArray();
            return new(0);
        }
    }
}
