using global::Packets;
using Testing;
using Xunit;
using static Sidecar.Tests.Packets.Conversation;

namespace Sidecar.Tests.Packets;

/// <summary>When missing bytes count as lost, and what memory is bounded by.</summary>
public sealed class ReassemblyLimitTests
{
    // One byte takes the smallest buffer of the pool.
    private const int OneByte = 16 + ReassemblyLimits.PieceBytes;

    [Fact]
    public void Gap_IsToldOnceTooMuchWaits()
    {
        var talk = new Conversation(new ReassemblyLimits { WaitingBytes = 3 * OneByte }).Opened().FromClient(103, "c").FromClient(105, "e").FromClient(107, "g");
        Assert.Equal((3 * OneByte, "||"), (talk.Reassembler.Held, talk.Shown.Single()));

        talk.FromClient(109, "i");
        Assert.Equal((3 * OneByte, "c||gap of 2 at 0"), (talk.Reassembler.Held, talk.Shown.Single()));

        // What comes late is not put behind what followed it.
        talk.FromClient(101, "ab").FromClient(104, "d").Complete();
        Assert.Equal("cdegi||gap of 2 at 0, gap of 1 at 3, gap of 1 at 4, closed", talk.Shown.Single());
    }

    [Fact]
    public void Gap_IsToldOnceTheReceiverHasTheBytesAndSomeTimeHasPassed()
    {
        var talk = new Conversation().Opened().FromClient(103, "c").FromClient(106, "f").Wait(5000).FromServer(901, "", acknowledgement: 102).Wait(5000);
        Assert.Equal("||", talk.Shown.Single());

        talk.FromServer(901, "", acknowledgement: 105);
        Assert.Equal("c||gap of 2 at 0", talk.Shown.Single());

        talk.FromServer(901, "", acknowledgement: 107);
        Assert.Equal("cf||gap of 2 at 0, gap of 2 at 1", talk.Shown.Single());
    }

    [Fact]
    public void Gap_OfBytesThatTheReceiverHas_IsToldByTimeAlone()
    {
        var talk = new Conversation().Opened().FromClient(103, "c").FromServer(901, "", acknowledgement: 104).Wait(999);
        Assert.Equal("||", talk.Shown.Single());

        talk.Wait(1);

        Assert.Equal("c||gap of 2 at 0", talk.Shown.Single());
        Assert.Equal(1_000_000_000, talk.Readers[0].Time);
    }

    [Fact]
    public void Gap_BeforeAnEndThatTheReceiverHas_IsTold() => Assert.Equal("||gap of 4 at 0, end", new Conversation().Opened()
        .FromClient(105, "", Fin).FromServer(901, "", acknowledgement: 106).Wait(1000).Shown.Single());

    [Fact]
    public void Gap_BeforeBytesThatAnAnswerAcknowledges_IsToldBeforeTheAnswer()
    {
        var talk = new Conversation().Opened().FromClient(103, "c").FromServer(901, "A", acknowledgement: 106);
        Assert.Equal("c|A|gap of 2 at 0, gap of 2 at 1", talk.Shown.Single());

        // Nothing of an acknowledgement that is impossible.
        talk.FromServer(902, "B", acknowledgement: 107 + (1u << 30));
        Assert.Equal("c|AB|gap of 2 at 0, gap of 2 at 1", talk.Shown.Single());
    }

    [Fact]
    public void Gap_BeforeAnAnswer_EndsAtTheEnd() => Assert.Equal("c|A|gap of 2 at 0, end", new Conversation().Opened()
        .FromClient(103, "c", Fin).FromServer(901, "A", acknowledgement: 105).Shown.Single());

    [Fact]
    public void Bytes_WithoutPatience_WaitForTheirAcknowledgement() => Assert.Equal("c||gap of 2 at 0", new Conversation(new ReassemblyLimits { Patience = TimeSpan.Zero }).Opened()
        .FromClient(103, "c").Wait(10).FromServer(901, "", acknowledgement: 104).Shown.Single());

    [Fact]
    public void Bytes_InAnotherOrderThanTheirAcknowledgement_AreWhole() => Assert.Equal("abc||", new Conversation().Opened()
        .FromClient(103, "c").FromServer(901, "", acknowledgement: 104).Wait(500).FromClient(101, "ab").Wait(5000).Shown.Single());

    [Fact]
    public void Gap_IsToldOnceTooMuchWaitsInAll_ByTheOneThatHoldsMost()
    {
        var talk = new Conversation(new ReassemblyLimits { TotalWaitingBytes = 5 * OneByte });
        var ends = Enumerable.Range(1, 3).Select(port => Client with { Port = (ushort)port }).ToArray();
        foreach (var end in ends)
            talk.Send(end, Server, 100, [], Syn);
        foreach (var (end, count) in ends.Zip([1u, 3u, 1u]))
        {
            for (var at = 0u; at < count; at++)
                talk.Send(end, Server, 103 + (2 * at), "x"u8);
        }

        Assert.Equal(["||", "||", "||"], talk.Shown);
        talk.Send(ends[0], Server, 105, "x"u8);

        Assert.Equal(["||", "x||gap of 2 at 0", "||"], talk.Shown);
        Assert.Equal(5 * OneByte, talk.Reassembler.Held);
    }

    [Fact]
    public void Attack_OfBytesWithHoles_TakesNoMoreThanTheLimits()
    {
        var limits = new ReassemblyLimits { WaitingBytes = 200_000, TotalWaitingBytes = 500_000 };
        var talk = new Conversation(limits);
        var random = new Random(1);
        for (ushort port = 1; port <= 5; port++)
            talk.Send(Client with { Port = port }, Server, 100, [], Syn);
        var before = ManagedMemory.Settled();
        for (var round = 0; round < 100_000; round++)
        {
            talk.Send(Client with { Port = (ushort)random.Next(1, 6) }, Server, 101 + (2 * (uint)random.Next(1, 500_000)), "x"u8);
            Assert.InRange(talk.Reassembler.Held, 0, limits.TotalWaitingBytes);
        }

        Assert.InRange(talk.Reassembler.Held, limits.TotalWaitingBytes * 9 / 10, limits.TotalWaitingBytes);
        foreach (var reader in talk.Readers)
            reader.Forget();
        Assert.InRange(ManagedMemory.Settled() - before, long.MinValue, 4 * limits.TotalWaitingBytes);
        Assert.Equal(0, talk.Complete().Reassembler.Held);
    }

    [Fact]
    public void Connections_BeyondTheLimit_CloseTheLongestIdle()
    {
        var talk = new Conversation(new ReassemblyLimits { MaxConnections = 2 });

        talk.Send(Client with { Port = 40001 }, Server, 100, "a"u8, Syn).Send(Client with { Port = 40002 }, Server, 100, "b"u8, Syn);
        talk.Send(Client with { Port = 40001 }, Server, 102, "a"u8).Send(Client with { Port = 40003 }, Server, 100, "c"u8, Syn);

        Assert.Equal(["aa||", "b||closed", "c||"], talk.Shown);
        Assert.Equal((2, 1, 3), (talk.Reassembler.Connections, talk.Reassembler.Evicted, talk.Reassembler.Opened));
        // It is looked at again when it goes on.
        talk.Send(Client with { Port = 40002 }, Server, 102, "d"u8);
        Assert.Equal(["aa||closed", "b||closed", "c||", "d||"], talk.Shown);
        Assert.False(talk.Openings[^1].IsFromStart);
    }

    [Fact]
    public void Connections_ThatAreRemembered_AreAsManyAsTheLimit()
    {
        var talk = new Conversation(new ReassemblyLimits { MaxRemembered = 2 }, _ => false);

        for (ushort port = 1; port <= 5; port++)
            talk.Send(Client with { Port = port }, Server, 100, "a"u8, Syn);

        Assert.Equal((2, 0, 5), (talk.Reassembler.Remembered, talk.Reassembler.Connections, talk.Openings.Count));
    }

    [Fact]
    public void Connections_WithoutSegments_AreClosedAndForgotten()
    {
        var talk = new Conversation(new ReassemblyLimits { Idle = TimeSpan.FromMinutes(1) }).Opened().FromClient(101, "a").FromClient(103, "c");
        talk.Wait(60_000).FromServer(901, "A").Wait(60_000);
        Assert.Equal("a|A|", talk.Shown.Single());

        talk.Wait(1);

        Assert.Equal(["ac|A|gap of 1 at 1, closed"], talk.Shown);
        Assert.Equal((0, 0, 0), (talk.Reassembler.Connections, talk.Reassembler.Remembered, talk.Reassembler.Held));
    }

    [Fact]
    public void Time_ThatGoesBack_ClosesNothing()
    {
        var talk = new Conversation().Opened();
        talk.Time = -5_000_000;

        talk.FromClient(101, "a").Wait(1);

        Assert.Equal(["a||"], talk.Shown);
    }

    [Fact]
    public void Segments_InOrder_AllocateNothing()
    {
        const int Count = 10_000;
        var reassembler = new TcpReassembler(_ => new Counter());
        var frame = Frames.Frame(Client.ToIPEndPoint(), Server.ToIPEndPoint(), 0, Frames.Ack, new byte[1000]);
        Feed(0);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (uint at = 1; at < Count; at++)
            Feed(at * 1000);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Feed(uint sequence)
        {
            System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(38), sequence);
            if (TcpSegment.TryRead(LinkType.Ethernet, frame, frame.Length, sequence, out var segment))
                reassembler.Add(segment);
        }
    }

    private sealed class Counter : ITcpReader
    {
        public bool IsDone => false;

        public void Read(TcpDirection direction, ReadOnlySpan<byte> bytes, long time)
        {
            // Keeps nothing.
        }

        public void Gap(TcpDirection direction, long count, long time) => throw new InvalidOperationException();

        public void End(TcpDirection direction, long time) => throw new InvalidOperationException();

        public void Close(TcpDirection? resetBy, long time) => throw new InvalidOperationException();
    }
}
