using System.Buffers.Binary;
using Sidecar.Net;
using Sidecar.Relay;
using Sidecar.Transport;
using Testing;
using Xunit;

namespace Sidecar.Tests.Relay;

/// <summary>How long an acknowledgement is waited for, by a kernel that the test plays.</summary>
public sealed class DeliveryTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly ManualTimeProvider _time = new();
    private readonly PlayedSocket _socket = new() { Unacknowledged = 100 };

    [Fact]
    public async Task Wait_WhenAllIsAcknowledged_CompletesAtOnce()
    {
        _socket.Unacknowledged = 0;

        var waiting = Wait();

        Assert.True(waiting.IsCompleted);
        Assert.Null(await waiting);
    }

    [Fact]
    public async Task Wait_UntilAllIsAcknowledged_FindsNoLoss()
    {
        var waiting = Wait();
        _time.Advance(Second);
        Assert.False(waiting.IsCompleted);

        _socket.Unacknowledged = 0;
        _time.Advance(Second);

        Assert.Null(await waiting);
    }

    [Fact]
    public async Task Wait_WhenTheConnectionIsOver_NamesTheRest()
    {
        var waiting = Wait();
        _socket.Unacknowledged = 7;
        _socket.IsOver = true;
        _time.Advance(Second);

        Assert.Equal(new DeliveryLoss(7, IsRefused: true), await waiting);
    }

    [Fact]
    public async Task Wait_ForSegmentsThatNobodyAnswers_EndsAfterThePatience()
    {
        // Silent for long before: that was nothing to answer.
        (_socket.UnderWay, _socket.Silence) = (1, TimeSpan.FromHours(1));
        var waiting = Wait();
        _time.Advance(Delivery.Patience - Second);
        Assert.False(waiting.IsCompleted);

        _time.Advance(2 * Second);

        Assert.Equal(new DeliveryLoss(100, IsRefused: true), await waiting);
    }

    [Fact]
    public async Task Wait_WhileThePeerAcknowledgesSome_GoesOn()
    {
        (_socket.UnderWay, _socket.Silence) = (1, TimeSpan.FromHours(1));
        var waiting = Wait();
        for (var left = 90; left > 0; left -= 10)
        {
            _time.Advance(Delivery.Patience - Second);
            _socket.Unacknowledged = left;
            _time.Advance(Second / 2);
        }

        Assert.False(waiting.IsCompleted);
        _time.Advance(Delivery.Patience + Second);
        Assert.Equal(new DeliveryLoss(10, IsRefused: true), await waiting);
    }

    [Theory]
    [InlineData(0, 3600)]
    [InlineData(1, 1)]
    public async Task Wait_ForAPeerWithAFullWindowOrThatAnswers_HasTheHalfClosedLimit(uint underWay, int silence)
    {
        (_socket.UnderWay, _socket.Silence) = (underWay, TimeSpan.FromSeconds(silence));
        var waiting = Wait();
        _time.Advance(Limit - Second);
        Assert.False(waiting.IsCompleted);

        _time.Advance(2 * Second);

        Assert.Equal(new DeliveryLoss(100, IsRefused: false), await waiting);
    }

    private Task<DeliveryLoss?> Wait() => Delivery.WaitAsync(_socket, Limit, _time);

    private sealed class PlayedSocket : IRawSocket
    {
        public int Unacknowledged { get; set; }

        public bool IsOver { get; set; }

        public bool HasNews => false;

        public uint UnderWay { get; set; }

        public TimeSpan Silence { get; set; }

        // linux/tcp.h
        public int GetRawOption(KernelOption option, Span<byte> value)
        {
            Assert.Equal(KernelOption.TcpInfo, option);
            value.Clear();
            value[0] = IsOver ? (byte)7 : (byte)4;
            BinaryPrimitives.WriteUInt32LittleEndian(value[24..], UnderWay);
            BinaryPrimitives.WriteUInt32LittleEndian(value[56..], (uint)Silence.TotalMilliseconds);
            return value.Length;
        }

        public void SetRawOption(KernelOption option, int value) => Assert.Fail("nothing is to be set");

        public void ShutdownSend() => Assert.Fail("the relay has done it");
    }
}
