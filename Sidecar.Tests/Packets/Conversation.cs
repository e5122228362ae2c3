using System.Net;
using System.Text;
using global::Packets;

namespace Sidecar.Tests.Packets;

/// <summary>Segments between a client and a server, and what a reassembler makes of them.</summary>
internal sealed class Conversation
{
    public const TcpControl Ack = TcpControl.Ack;
    public const TcpControl Syn = TcpControl.Syn;
    public const TcpControl SynAck = TcpControl.Syn | TcpControl.Ack;
    public const TcpControl Fin = TcpControl.Fin | TcpControl.Ack;
    public const TcpControl Rst = TcpControl.Rst | TcpControl.Ack;

    public static readonly TcpEnd Client = TcpEnd.Of(IPEndPoint.Parse("10.0.0.2:40000"));
    public static readonly TcpEnd Server = TcpEnd.Of(IPEndPoint.Parse("10.0.0.3:9000"));

    private readonly List<StreamReader> _readers = [];

    public Conversation(ReassemblyLimits? limits = null, Func<TcpOpening, bool>? wanted = null, int enough = int.MaxValue) => Reassembler = new TcpReassembler(
        opening =>
        {
            Openings.Add(opening);
            if (wanted?.Invoke(opening) == false)
                return null;
            _readers.Add(new StreamReader { Enough = enough });
            return _readers[^1];
        },
        limits);

    public TcpReassembler Reassembler { get; }

    public List<TcpOpening> Openings { get; } = [];

    /// <summary>Its connections.</summary>
    public IReadOnlyList<StreamReader> Readers => _readers;

    /// <summary>What each connection carried.</summary>
    public IEnumerable<string> Shown => _readers.Select(reader => reader.Shown);

    /// <summary>The time, in milliseconds.</summary>
    public long Time { get; set; }

    /// <summary>How often each segment is captured.</summary>
    public int Copies { get; init; } = 1;

    /// <summary>A connection whose client's first byte has number 101, and the server's 901.</summary>
    public Conversation Opened() => FromClient(100, "", Syn).FromServer(900, "", SynAck, 101).FromClient(101, "", Ack, 901);

    public Conversation FromClient(uint sequence, string payload = "", TcpControl control = Ack, uint acknowledgement = 901, int cut = 0) =>
        Send(Client, Server, sequence, Encoding.ASCII.GetBytes(payload), control, acknowledgement, cut);

    public Conversation FromServer(uint sequence, string payload = "", TcpControl control = Ack, uint acknowledgement = 101, int cut = 0) =>
        Send(Server, Client, sequence, Encoding.ASCII.GetBytes(payload), control, acknowledgement, cut);

    /// <summary>Adds a segment.</summary>
    /// <param name="from">Its sender.</param>
    /// <param name="to">Its receiver.</param>
    /// <param name="sequence">Its number.</param>
    /// <param name="payload">Its bytes.</param>
    /// <param name="control">Its control bits.</param>
    /// <param name="acknowledgement">The number that its sender expects next.</param>
    /// <param name="cut">How many more bytes it had that were not captured.</param>
    public Conversation Send(TcpEnd from, TcpEnd to, uint sequence, ReadOnlySpan<byte> payload, TcpControl control = Ack, uint acknowledgement = 0, int cut = 0)
    {
        for (var copy = 0; copy < Copies; copy++)
        {
            Reassembler.Add(new TcpSegment
            {
                Time = Time * 1_000_000,
                From = from,
                To = to,
                Sequence = sequence,
                Acknowledgement = acknowledgement,
                Control = control,
                Length = payload.Length + cut,
                Payload = payload,
            });
        }

        return this;
    }

    /// <summary>Time passes.</summary>
    public Conversation Wait(int milliseconds)
    {
        Time += milliseconds;
        Reassembler.Advance(Time * 1_000_000);
        return this;
    }

    public Conversation Complete()
    {
        Reassembler.Complete();
        return this;
    }
}
