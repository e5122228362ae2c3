using FsCheck;
using FsCheck.Fluent;
using Sidecar.Transform;
using Sidecar.Transform.Kernels;
using Testing;
using Xunit;

namespace Sidecar.Tests.Transform;

public sealed class ChaCha20Tests
{
    private const int BlockSize = ChaCha20Kernel.BlockSize;
    private const long EndOfStream = 1L << 32;

    public static TheoryData<string> Kernels => [.. ChaCha20Kernel.All.Select(kernel => kernel.Name)];

    // RFC 8439, sections 2.3.2 and 2.4.2 (its first block) and appendix A.1.
    public static TheoryData<string, string, string, long, string> Vectors
    {
        get
        {
            const string counted = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
            var zero = new string('0', 64);
            var data = new TheoryData<string, string, string, long, string>();
            foreach (var kernel in ChaCha20Kernel.All)
            {
                data.Add(kernel.Name, counted, "000000090000004a00000000", 1, "10f1e7e4d13b5915500fdd1fa32071c4c7d1f4c733c068030422aa9ac3d46c4ed2826446079faa0914c2d705d98b02a2b5129cd1de164eb9cbd083e8a2503c4e");
                data.Add(kernel.Name, counted, "000000000000004a00000000", 1, "224f51f3401bd9e12fde276fb8631ded8c131f823d2c06e27e4fcaec9ef3cf788a3b0aa372600a92b57974cded2b9334794cba40c63e34cdea212c4cf07d41b7");
                data.Add(kernel.Name, zero, "000000000000000000000000", 0, "76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7da41597c5157488d7724e03fb8d84a376a43b8f41518a11cc387b669b2ee6586");
                data.Add(kernel.Name, zero, "000000000000000000000000", 1, "9f07e7be5551387a98ba977c732d080dcb0f29a048e3656912c6533e32ee7aed29b721769ce64e43d57133b074d839d531ed1f28510afb45ace10a1f4b794d6f");
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Vectors))]
    public void Kernel_OnAVectorOfTheRfc_WritesItsBlock(string name, string key, string nonce, long block, string expected)
    {
        var transform = new ChaCha20Transform(Convert.FromHexString(key), Convert.FromHexString(nonce), Supported(name), block);
        var bytes = new byte[BlockSize];
        transform.Apply(bytes);
        Assert.Equal(expected, Convert.ToHexStringLower(bytes));
    }

    [Theory]
    [MemberData(nameof(Kernels))]
    public void Kernel_FromAnyBlockHoweverTheBytesAreCut_IsTheDefinition(string name)
    {
        var kernel = Supported(name);
        Check.QuickThrowOnFailure(Prop.ForAll(Starts, Gen.Choose(0, 40 * BlockSize).ToArbitrary(), Gen.Choose(0, int.MaxValue).ToArbitrary(), (start, length, seed) =>
        {
            var random = new Random(seed);
            var (key, nonce, plain) = (Bytes(random, 32), Bytes(random, 12), Bytes(random, (int)Math.Min(length, (EndOfStream - start) * BlockSize)));
            var stream = Enumerable.Range(0, (plain.Length / BlockSize) + 1).SelectMany(i => Reference.ChaCha20Block(key, nonce, (uint)(start + i)));
            var transform = new ChaCha20Transform(key, nonce, kernel, start);
            // At any alignment, and with neighbours that must stay as they are.
            var (before, after) = (random.Next(70), random.Next(70));
            byte[] buffer = [.. new byte[before], .. plain, .. new byte[after]];
            var rest = buffer.AsSpan(before, plain.Length);
            while (rest.Length > 0)
            {
                var cut = Math.Min(rest.Length, random.Next(3) switch { 0 => random.Next(3), 1 => random.Next(2 * BlockSize), _ => random.Next(2500) });
                transform.Apply(rest[..cut]);
                rest = rest[cut..];
            }

            Assert.Equal([.. new byte[before], .. plain.Zip(stream, (b, s) => (byte)(b ^ s)), .. new byte[after]], buffer);
        }));
    }

    [Theory]
    [MemberData(nameof(Kernels))]
    public void Kernel_AtTheEndOfTheStream_StopsBehindItsLastBlock(string name)
    {
        var kernel = Supported(name);
        var (key, nonce) = (Bytes(new Random(1), 32), Bytes(new Random(2), 12));
        for (var left = 0; left <= (2 * kernel.Blocks) + 1; left++)
        {
            var transform = new ChaCha20Transform(key, nonce, kernel, EndOfStream - left);
            var bytes = new byte[left * BlockSize];
            transform.Apply(bytes);
            Assert.Equal(Enumerable.Range(0, left).SelectMany(i => Reference.ChaCha20Block(key, nonce, (uint)(EndOfStream - left + i))), bytes);
            // Counting on from 0 would use the first block a second time.
            Assert.Equal("the key stream is used up", Assert.Throws<InvalidOperationException>(() => transform.Apply(new byte[1])).Message);
            transform.Apply([]);
        }
    }

    [Theory]
    [MemberData(nameof(Kernels))]
    public void Kernel_ComputesSoManyBlocksAtOnce(string name) =>
        Assert.Equal(name switch { "chacha20-512" => 16, "chacha20-256" => 8, _ => 4 }, ChaCha20Kernel.All.Single(kernel => kernel.Name == name).Blocks);

    private static Arbitrary<long> Starts => Gen.OneOf(
        Gen.Choose(0, 20).Select(block => (long)block),
        Gen.Choose(0, int.MaxValue).Select(block => 2L * block),
        Gen.Choose(0, 40).Select(left => (1L << 31) - left),
        Gen.Choose(0, 40).Select(left => EndOfStream - left)).ToArbitrary();

    private static ChaCha20Kernel Supported(string name)
    {
        var kernel = ChaCha20Kernel.All.Single(kernel => kernel.Name == name);
        Assert.SkipUnless(kernel.IsSupported, $"this processor lacks the instructions of {name}");
        return kernel;
    }

    private static byte[] Bytes(Random random, int length)
    {
        var bytes = new byte[length];
        random.NextBytes(bytes);
        return bytes;
    }
}
