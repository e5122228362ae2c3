using Microsoft.AspNetCore.Connections;

namespace Sidecar.Connections;

/// <summary>How a stage that only checks something continues.</summary>
internal static class StageExtensions
{
    /// <summary>Runs the next stage if the check passed. A check that did not wait keeps no state for the connection's life.</summary>
    public static Task ThenAsync(this ValueTask<bool> check, ConnectionDelegate next, ConnectionContext connection)
    {
        return check.IsCompletedSuccessfully ? (check.Result ? next(connection) : Task.CompletedTask) : WaitAsync(check, next, connection);

        static async Task WaitAsync(ValueTask<bool> check, ConnectionDelegate next, ConnectionContext connection)
        {
            if (await check)
                await next(connection);
        }
    }
}
