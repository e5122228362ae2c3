using System.Net.Sockets;
using System.Runtime.CompilerServices;

namespace Sidecar.Transport.Sockets;

/// <summary>A call of a carrier's pipe. The carrier throws raw <see cref="SocketException"/>s; the pipes of the framework throw <see cref="IOException"/>s.</summary>
internal static class CarrierCall
{
    /// <summary>The failure as a pipe of the framework throws it.</summary>
    public static IOException Translate(SocketException error) => new(error.Message, error);

    /// <summary>Calls, waits if need be, and checks the result. Allocates nothing if there is nothing to wait for.</summary>
    /// <exception cref="IOException">The network failed, or the check found that it did.</exception>
    public static ValueTask<TResult> RunAsync<TPipe, TResult>(
        TPipe pipe, Func<TPipe, CancellationToken, ValueTask<TResult>> call, Func<TPipe, TResult, TResult> check, CancellationToken cancellation)
    {
        try
        {
            var calling = call(pipe, cancellation);
            return calling.IsCompletedSuccessfully ? new(check(pipe, calling.Result)) : WaitAsync(pipe, calling, check);
        }
        catch (SocketException error)
        {
            throw Translate(error);
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private static async ValueTask<TResult> WaitAsync<TPipe, TResult>(TPipe pipe, ValueTask<TResult> calling, Func<TPipe, TResult, TResult> check)
    {
        try
        {
            return check(pipe, await calling.ConfigureAwait(false));
        }
        catch (SocketException error)
        {
            throw Translate(error);
        }
    }
}
