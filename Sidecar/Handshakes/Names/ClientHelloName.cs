using System.Buffers.Binary;
using Oracle.Protocol;

namespace Sidecar.Handshakes.Names;

/// <summary>
/// The server name of a TLS client: the extension <c>server_name</c> (RFC 6066, 3) of its ClientHello (RFC 8446, 4.1.2). If the client
/// encrypts its hello, that is the outer name.
/// </summary>
internal static class ClientHelloName
{
    /// <summary>The type of a record with handshake messages: the first byte of every TLS client.</summary>
    public const byte HandshakeRecord = 22;

    private const byte ClientHello = 1;
    private const byte MajorVersion = 3;
    private const byte HostName = 0;

    // Type, version, length (RFC 8446, 5.1); type, length (4).
    private const int RecordHeader = 5;
    private const int MessageHeader = 4;
    private const int MaxFragment = 1 << 14;

    // legacy_version and random.
    private const int Fixed = 2 + 32;

    /// <summary>Looks for the name.</summary>
    /// <param name="bytes">What has come: at most <see cref="NameSearch.MaxBytes"/>.</param>
    /// <param name="name">The name; null if there is none.</param>
    /// <returns>Complete, also if there is no name; incomplete if more bytes are needed.</returns>
    public static ReadStatus Find(ReadOnlySpan<byte> bytes, out string? name)
    {
        name = null;
        // A message can be cut into several records.
        Span<byte> message = stackalloc byte[bytes.Length];
        var length = 0;
        while (bytes.Length >= RecordHeader)
        {
            var size = BinaryPrimitives.ReadUInt16BigEndian(bytes[3..]);
            if (bytes[0] != HandshakeRecord || bytes[1] != MajorVersion || size is 0 or > MaxFragment)
                return ReadStatus.Complete;
            var fragment = bytes[RecordHeader..Math.Min(RecordHeader + size, bytes.Length)];
            fragment.CopyTo(message[length..]);
            length += fragment.Length;
            bytes = bytes[(RecordHeader + fragment.Length)..];
            if (length > 0 && message[0] != ClientHello)
                return ReadStatus.Complete;
            if (length >= MessageHeader)
            {
                var end = MessageHeader + (message[1] << 16) + BinaryPrimitives.ReadUInt16BigEndian(message[2..]);
                if (length >= end)
                    name = NameOf(message[MessageHeader..end]);
                // What does not fit has no name, and need not be waited for.
                if (length >= end || end > NameSearch.MaxBytes - RecordHeader)
                    return ReadStatus.Complete;
            }
        }

        return ReadStatus.Incomplete;
    }

    private static string? NameOf(ReadOnlySpan<byte> hello)
    {
        // Session id, cipher suites, compression methods, extensions.
        if (!TryTake(ref hello, Fixed, out _) || !TryTakeVector(ref hello, 1, out _) || !TryTakeVector(ref hello, 2, out _)
            || !TryTakeVector(ref hello, 1, out _) || !TryTakeVector(ref hello, 2, out var extensions))
            return null;
        ReadOnlySpan<byte> names = default;
        var isFound = false;
        while (!extensions.IsEmpty)
        {
            if (!TryTake(ref extensions, 2, out var type) || !TryTakeVector(ref extensions, 2, out var data))
                return null;
            if (type is not [0, 0])
                continue;
            // Servers could read either of two.
            if (isFound)
                return null;
            isFound = true;
            names = data;
        }

        return TryTakeVector(ref names, 2, out var list) && names.IsEmpty
            && TryTake(ref list, 1, out var kind) && kind is [HostName] && TryTakeVector(ref list, 2, out var name) && list.IsEmpty
            ? ClaimedName.Read(name)
            : null;
    }

    private static bool TryTake(scoped ref ReadOnlySpan<byte> rest, int count, out ReadOnlySpan<byte> taken)
    {
        taken = default;
        if (rest.Length < count)
            return false;
        taken = rest[..count];
        rest = rest[count..];
        return true;
    }

    // A length of one or two bytes, and as many bytes.
    private static bool TryTakeVector(scoped ref ReadOnlySpan<byte> rest, int lengthBytes, out ReadOnlySpan<byte> taken)
    {
        taken = default;
        return TryTake(ref rest, lengthBytes, out var length)
            && TryTake(ref rest, lengthBytes == 1 ? length[0] : BinaryPrimitives.ReadUInt16BigEndian(length), out taken);
    }
}
