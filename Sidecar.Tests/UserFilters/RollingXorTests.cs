using System.Security.Cryptography;
using ByteFilters;
using FsCheck;
using FsCheck.Fluent;
using RollingXor;
using Sidecar.Tests.Support;
using Sidecar.Transform;
using Testing;
using Testing.Peers;
using Xunit;

namespace Sidecar.Tests.UserFilters;

[SystemTest]
public sealed class RollingXorTests
{
    private static readonly TransformLanguage Language = TransformLanguage.Default.With([new RollingXorFilter()]);

    [Fact]
    public void Apply_TheSameByteAgainAndAgain_GivesOtherBytes() =>
        // key 7: 0 ^ 7; then 5 * 7 + 7 + 1 = 43; then 5 * 43 + 43 + 1 = 259 = 3.
        Assert.Equal([7, 43, 3], Through("(rolling-xor 7)", [0, 0, 0], [3]));

    [Fact]
    public void Inverse_WithChunksOfAnySizes_GivesBackTheBytes() => Check.QuickThrowOnFailure(Prop.ForAll(Gen.Choose(0, int.MaxValue).ToArbitrary(), seed =>
    {
        var random = new Random(seed);
        var bytes = new byte[random.Next(5000)];
        random.NextBytes(bytes);
        var expression = $"(chain (rolling-xor {random.Next(256)}) not)";
        var encoded = Through(expression, bytes, Sizes(random));
        Assert.Equal(Through(expression, bytes, []), encoded);
        Assert.Equal(bytes, Through($"(inverse {expression})", encoded, Sizes(random)));
    }));

    [Theory]
    [InlineData("epoll")]
    [InlineData("sockets")]
    public async Task Pair_WithTheFilterOfItsConfiguration_CarriesBytesBothWays(string transport)
    {
        using var folder = new TempFolder();
        using var service = new LoopbackListener();
        await using var p2 = await StartAsync(folder, "p2", service.Port, transport);
        await using var p1 = await StartAsync(folder, "p1", p2.Port, transport);
        using var client = await SocketTalk.ConnectAsync(p1.Port);
        using var served = await service.AcceptAsync();

        var bytes = RandomNumberGenerator.GetBytes(3_000_000);
        await CarryAsync(client, served, bytes);
        await CarryAsync(served, client, bytes);
        Assert.Equal("rolling-xor", (await p1.Admin.ConnectionInAsync("relaying")).GetProperty("transform").GetString()!.Trim('(').Split(' ')[0]);
        client.Finish();
        served.Finish();
        await p1.EndsForAsync("completed");
        await p2.EndsForAsync("completed");
    }

    [Fact]
    public async Task OneSideAlone_PutsTransformedBytesOnTheWire()
    {
        using var folder = new TempFolder();
        using var service = new LoopbackListener();
        await using var alone = await StartAsync(folder, "alone", service.Port, "epoll");
        using var client = await SocketTalk.ConnectAsync(alone.Port);
        using var served = await service.AcceptAsync();

        await client.SendAllAsync([0, 0, 0]);

        Assert.Equal([42, 253, 239], await served.ReadAsync(3));
    }

    private static async Task CarryAsync(System.Net.Sockets.Socket from, System.Net.Sockets.Socket to, byte[] bytes)
    {
        var sending = from.SendAllAsync(bytes);
        var received = await to.ReadAsync(bytes.Length);
        Assert.True(bytes.AsSpan().SequenceEqual(received));
        await sending;
    }

    private static Task<RunningSidecar> StartAsync(TempFolder folder, string role, int target, string transport) =>
        RunningSidecar.StartAsync("--config", folder.Write($"{role}.yaml", $$"""
            filters: ["{{typeof(RollingXorFilter).Assembly.Location}}"]
            transport: {{transport}}
            listeners:
              - {listen: "127.0.0.1:0", role: {{role}}, target: "127.0.0.1:{{target}}", transform: (rolling-xor 42)}
            """));

    private static byte[] Sizes(Random random)
    {
        var sizes = new byte[random.Next(1, 50)];
        random.NextBytes(sizes);
        return sizes;
    }

    // In chunks of these sizes, again and again; none is one of all.
    private static byte[] Through(string expression, byte[] bytes, byte[] sizes)
    {
        var transform = CompiledTransform.Compile(Language.Parse(expression)).Start();
        var result = bytes.ToArray();
        for (var (start, i) = (0, 0); start < result.Length; i++)
        {
            var size = sizes.Length == 0 ? result.Length : Math.Min(1 + sizes[i % sizes.Length], result.Length - start);
            transform.Apply(result.AsSpan(start, size));
            start += size;
        }

        return result;
    }
}
