using ByteFilters;
using Sidecar.Tests.EndToEnd.Load;
using Sidecar.Transform;
using Testing;
using Xunit;

namespace Sidecar.Tests.Transform;

// Looks at the memory of the process.
[Collection(HeavyLoad.Name)]
public sealed class TransformCacheTests
{
    [Fact]
    public void Compile_TheSameText_IsTheSame()
    {
        var cache = new TransformCache();
        var first = cache.Compile(TransformExpression.Parse("(chain (add 1) (rotl 3))"));
        var again = cache.Compile(TransformExpression.Parse("(chain (add 1) (rotl 3))"));
        Assert.Same(first.Encoder, again.Encoder);
        Assert.Same(first.Decoder, again.Decoder);
        Assert.Equal(1, cache.Count);
    }

    [Fact]
    public void Compile_ManyShortOnes_StartsAnewAtALimit()
    {
        var cache = new TransformCache();
        for (var i = 0; i < 3000; i++)
        {
            cache.Compile(TransformExpression.Parse($"(xor-key \"{i:x8}\")"));
            Assert.InRange(cache.Count, 1, 1024);
        }
    }

    // A hundred and twenty keys that cannot be folded, with something between: half a megabyte each way.
    [Fact]
    public void Compile_LongOnes_TakesNoMoreMemoryThanItSays()
    {
        var cache = new TransformCache();
        var before = ManagedMemory.Settled();
        for (var i = 0; i < 40; i++)
        {
            cache.Compile(TransformExpression.Parse($"(chain {string.Join(" (add 1) ", Enumerable.Range(0, 120).Select(j => $"(xor-key \"{i:x2}{j:x2}{new string('0', j % 2 == 0 ? 62 : 60)}\")"))})"));
            Assert.InRange(cache.Bytes, 1_000_000, 8 * 1024 * 1024);
        }

        Assert.InRange(ManagedMemory.Settled() - before, long.MinValue, cache.Bytes);
        Assert.InRange(cache.Count, 2, 10);
    }
}
