using System.Net.Sockets;

namespace Demo.Verification;

/// <summary>One connection through the tap.</summary>
internal sealed class TapConnection(TapBudget budget)
{
    /// <summary>From the one who connected.</summary>
    public TappedBytes ToTarget { get; } = new(budget);

    /// <summary>The answers.</summary>
    public TappedBytes FromTarget { get; } = new(budget);

    /// <summary>Passes bytes, half-closes and resets both ways until both directions have ended.</summary>
    public async Task RelayAsync(Socket client, Socket target, CancellationToken cancellation)
    {
        try
        {
            await Task.WhenAll(
                PumpAsync(client, target, ToTarget, cancellation),
                PumpAsync(target, client, FromTarget, cancellation));
        }
        catch (Exception error) when (error is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // The first fault of one side becomes a reset of both: the other pump ends with it.
        }
    }

    private static async Task PumpAsync(Socket from, Socket to, TappedBytes record, CancellationToken cancellation)
    {
        var buffer = new byte[16 * 1024];
        try
        {
            int read;
            while ((read = await from.ReceiveAsync(buffer, cancellation)) > 0)
            {
                // Recorded first: who has got the bytes finds them in the record.
                record.Add(buffer.AsSpan(0, read));
                for (var sent = 0; sent < read;)
                    sent += await to.SendAsync(buffer.AsMemory(sent, read - sent), cancellation);
            }

            to.Shutdown(SocketShutdown.Send);
        }
        catch
        {
            Reset(from);
            Reset(to);
            throw;
        }
    }

    private static void Reset(Socket socket)
    {
        // Closing with a linger time of 0 sends RST (tcp(7)).
        socket.Close(timeout: 0);
    }
}
