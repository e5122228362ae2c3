using System.Text;
using Oracle.Protocol;

namespace Demo.Verification;

/// <summary>What crossed between p1 and p2 on one connection: the agreement of wire protocol v1, then the payload.</summary>
/// <param name="Id">The connection's name, as p1 gave it.</param>
/// <param name="ToService">The payload towards the service, as it crossed.</param>
/// <param name="FromService">The payload of the answers, as it crossed.</param>
internal sealed record PeerStream(ConnectionId Id, ReadOnlyMemory<byte> ToService, ReadOnlyMemory<byte> FromService)
{
    /// <summary>Takes a tapped connection apart.</summary>
    /// <returns>Null, with the reason among the findings, when it does not begin as the protocol says.</returns>
    public static PeerStream? Read(TapConnection tapped, Findings findings)
    {
        var (to, from) = (tapped.ToTarget.Sample(), tapped.FromTarget.Sample());
        var complete = findings.Check(tapped.ToTarget.IsComplete && tapped.FromTarget.IsComplete,
            "a connection between p1 and p2 carried more than the tap could record");
        var (greeting, toService) = SplitLine(to);
        var (answer, fromService) = SplitLine(from);
        if (!PeerGreeting.TryParse(greeting, out var bonjour) || !PeerAnswer.TryParse(answer, out var ok) || ok.Id != bonjour.Id || !ok.Granted)
        {
            findings.Fail($"a connection between p1 and p2 began with '{greeting}' and '{answer}' instead of bonjour and ok");
            return null;
        }

        return complete ? new PeerStream(bonjour.Id, toService, fromService) : null;
    }

    private static (string Line, ReadOnlyMemory<byte> Payload) SplitLine(byte[] bytes)
    {
        var end = bytes.AsSpan(0, Math.Min(bytes.Length, WireLine.MaxPeerBytes + 2)).IndexOf((byte)'\n');
        return end < 0 ? ("", bytes) : (Encoding.Latin1.GetString(bytes, 0, end).TrimEnd('\r'), bytes.AsMemory(end + 1));
    }
}
