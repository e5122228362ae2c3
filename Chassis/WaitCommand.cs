using System.CommandLine;
using System.Net;
using System.Net.Sockets;
using Chassis.Net;
using Chassis.Settings;

namespace Chassis;

/// <summary><c>wait</c>: lets a time pass, or waits for readiness. For hooks of containers, because images have no shell.</summary>
public static class WaitCommand
{
    private const string Ready = "ready";

    private static readonly Func<string, TimeSpan> ParseTime = Values.Duration(TimeSpan.FromMilliseconds(1), TimeSpan.FromDays(1));

    // A start takes about 100 ms.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    /// <summary>The command.</summary>
    /// <param name="healthPort">The default port of <c>/readyz</c>.</param>
    public static Command Create(int healthPort)
    {
        var what = new Argument<string>("what") { Description = "ready, or a time such as 10s", HelpName = "ready|TIME" };
        var health = new Option<string>("--health") { Description = "Address of /readyz", HelpName = "HOST:PORT", DefaultValueFactory = _ => $"127.0.0.1:{healthPort}" };
        var timeout = new Option<string>("--timeout") { Description = "Longest wait for ready", HelpName = "TIME", DefaultValueFactory = _ => "60s" };
        var command = new Command("wait", "Wait until the program beside it in this container is ready, or for a time; for hooks of containers") { what, health, timeout };
        command.SetAction(async (parsed, cancellation) =>
        {
            var word = parsed.GetValue(what)!;
            var address = Parse("--health", parsed.GetValue(health)!, HostPort.Parse);
            var limit = Parse("--timeout", parsed.GetValue(timeout)!, ParseTime);
            if (word != Ready)
            {
                await Task.Delay(Parse("what", word, text => char.IsAsciiDigit(text[0]) ? ParseTime(text) : throw new FormatException("ready, or a time such as 10s, is expected")), cancellation);
                return 0;
            }

            if (await IsReadyAsync(address, limit, cancellation) is not { } reason)
                return 0;
            await parsed.InvocationConfiguration.Error.WriteLineAsync($"wait: {address} is not ready after {Values.Display(limit)}: {reason}");
            return 1;
        });
        return command;
    }

    // Null when it is ready; otherwise the last reason why it is not.
    private static async Task<string?> IsReadyAsync(HostPort address, TimeSpan limit, CancellationToken cancellation)
    {
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false, PooledConnectionLifetime = TimeSpan.Zero });
        using var within = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        within.CancelAfter(limit);
        var reason = "no answer";
        while (true)
        {
            try
            {
                using var answer = await client.GetAsync(new Uri($"http://{address}/readyz"), within.Token);
                if (answer.StatusCode == HttpStatusCode.OK)
                    return null;
                reason = OneLine.Start((await answer.Content.ReadAsStringAsync(within.Token)).Trim());
                await Task.Delay(Pause, within.Token);
            }
            catch (HttpRequestException error)
            {
                reason = error.InnerException is SocketException failure ? failure.Message : error.Message;
                await Task.Delay(Pause, within.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                return reason;
            }
        }
    }

    private static T Parse<T>(string option, string text, Func<string, T> parse)
    {
        try
        {
            return parse(text);
        }
        catch (FormatException expected)
        {
            throw new UsageException($"{option} '{OneLine.Of(text)}': {expected.Message}", expected);
        }
    }
}
