using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Sidecar.Transport.Sockets;
using Testing.Peers;
using Xunit;

namespace Sidecar.Tests.Transport.Sockets;

public sealed class SendingSideTests
{
    [Fact]
    public void Writer_OfASocketThatIsNotConnected_IsRefusedAndItsFinalizerHarmless()
    {
        Refuse();

        // An exception in a finalizer would end the process.
        GC.Collect();
        GC.WaitForPendingFinalizers();
    }

    [Fact]
    public async Task Writer_Completed_EndsItsDirectionAlone()
    {
        using var listener = new LoopbackListener();
        using var client = await SocketTalk.ConnectAsync(listener.Port);
        using var served = await listener.AcceptAsync();
        var writer = SendingSide.CreateWriter(new FrameworkSocket(client));

        await writer.WriteAsync("last words"u8.ToArray(), TestContext.Current.CancellationToken);
        await writer.CompleteAsync();

        Assert.Equal("last words"u8.ToArray(), await served.ReadToEndAsync());
        await served.SendAsync("answer");
        Assert.Equal("answer", await client.ReadTextAsync(6));
    }

    [Fact]
    public async Task Writer_CompletedAfterAReset_DoesNotThrow()
    {
        using var listener = new LoopbackListener();
        using var client = await SocketTalk.ConnectAsync(listener.Port);
        var writer = SendingSide.CreateWriter(new FrameworkSocket(client));

        client.Reset();

        await writer.CompleteAsync();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Refuse()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        Assert.Throws<IOException>(() => SendingSide.CreateWriter(new FrameworkSocket(socket)));
    }
}
