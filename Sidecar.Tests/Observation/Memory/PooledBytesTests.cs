using System.Text;
using Sidecar.Observation.Memory;
using Sidecar.Options;
using Xunit;

namespace Sidecar.Tests.Observation.Memory;

public sealed class PooledBytesTests
{
    private static MemoryAccount Account() => new ObservationMemory(ObservationLimits.DefaultMemory).Open();

    [Fact]
    public void Bytes_AddedAndDropped_AreThereInOrder()
    {
        var account = Account();
        account.Earn(10_000);
        var bytes = new PooledBytes(account);
        var expected = new List<byte>();
        var random = new Random(1);
        for (var i = 0; i < 5000; i++)
        {
            var more = new byte[random.Next(50)];
            random.NextBytes(more);
            Assert.True(bytes.TryAdd(more.AsSpan(0, more.Length / 2), more.AsSpan(more.Length / 2)));
            expected.AddRange(more);
            var dropped = random.Next(expected.Count + 1) / (1 + random.Next(5));
            bytes.Drop(dropped);
            expected.RemoveRange(0, dropped);
            Assert.True(bytes.Written.SequenceEqual(expected.ToArray()));
        }

        bytes.Release();
        Assert.Equal(0, account.Held);
    }

    [Fact]
    public void Bytes_OfTheBufferItself_CanBeAddedWhileItMoves()
    {
        var bytes = new PooledBytes(Account());
        bytes.TryAdd("ab"u8);
        for (var i = 0; i < 8; i++)
            bytes.TryAdd(bytes.Written, "-"u8);
        Assert.Equal(256 + 512 + 255 - 256, bytes.Length);
        Assert.StartsWith("abab-abab--", Encoding.ASCII.GetString(bytes.Written)[..11]);
    }

    [Fact]
    public void Add_WithoutMemory_ChangesNothing()
    {
        var account = Account();
        var bytes = new PooledBytes(account, usualSize: 4096);
        Assert.True(bytes.TryAdd("a"u8));
        Assert.Equal(4096 + MemoryAccount.ArrayOverhead, account.Held);
        Assert.False(bytes.TryAdd(new byte[50_000]));
        Assert.True(bytes.Written.SequenceEqual("a"u8));
        Assert.Equal(4096 + MemoryAccount.ArrayOverhead, account.Held);
        // The usual size where there is memory for it, else what is needed.
        var other = new PooledBytes(account, usualSize: 8192);
        Assert.True(other.TryAdd(new byte[100]));
        Assert.Equal(4096 + 128 + (2 * MemoryAccount.ArrayOverhead), account.Held);
    }

    [Fact]
    public void Pieces_AreJoinedInAnyCase()
    {
        var account = Account();
        var bytes = new PooledBytes(account, isForPieces: true);
        Assert.True(bytes.TryAdd(new byte[100_000]));
        Assert.True(account.TryTake(MemoryAccount.Starting));
        bytes.Release();
        Assert.Equal(MemoryAccount.Starting, account.Held);
    }
}
