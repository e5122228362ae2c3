using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Testing;
using VideoApi.Forwarding;
using Workload.Tests.VideoApi.Support;
using Xunit;

namespace Workload.Tests.VideoApi.Forwarding;

/// <summary>Silence behind the passage, with a clock that the test moves.</summary>
public class ForwarderTimeoutTests
{
    private readonly ManualTimeProvider _clock = new();

    [Fact]
    public async Task Storage_SilentBeforeTheHead_Is502AfterTheAnswerTimeout()
    {
        await using var storage = new ScriptedServer(request => request.WaitForCloseAsync());
        using var upstream = new UpstreamClient("storage", storage.Url, _clock);
        var context = new Exchange();

        var forwarding = Create(upstream).ForwardAsync(context.Http);
        await Eventually.TrueAsync(() => _clock.ActiveTimers == 1 && storage.Heads.Count == 1);
        _clock.Advance(UpstreamClient.AnswerTimeout - TimeSpan.FromTicks(1));
        Assert.False(forwarding.IsCompleted);
        _clock.Advance(TimeSpan.FromTicks(1));
        await forwarding;

        Assert.Equal(502, context.Http.Response.StatusCode);
        Assert.Contains("the storage did not answer within 10 s", context.Text);
    }

    [Fact]
    public async Task Storage_SilentWithinTheBody_CutsTheConnectionAfterTheIdleTimeout()
    {
        await using var storage = new ScriptedServer(async request =>
        {
            await request.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\npart");
            await request.WaitForCloseAsync();
        });
        using var upstream = new UpstreamClient("storage", storage.Url, _clock);
        var context = new Exchange();

        var forwarding = Create(upstream).ForwardAsync(context.Http);
        await Eventually.TrueAsync(() => context.Text == "part" && _clock.ActiveTimers == 1);
        _clock.Advance(HlsForwarder.BodyIdleTimeout - TimeSpan.FromTicks(1));
        Assert.False(context.Aborted);
        _clock.Advance(TimeSpan.FromTicks(1));
        await forwarding;

        Assert.True(context.Aborted);
    }

    private HlsForwarder Create(UpstreamClient upstream) => new(new HlsUpstreams(upstream, upstream), _clock, NullLogger<HlsForwarder>.Instance);

    /// <summary>A request without a server below it.</summary>
    private sealed class Exchange : IHttpRequestLifetimeFeature
    {
        public Exchange()
        {
            Http = new DefaultHttpContext { RequestServices = new ServiceCollection().AddLogging(logging => logging.ClearProviders()).BuildServiceProvider() };
            Http.Request.Method = "GET";
            Http.Request.Path = "/hls/film/0.ts";
            Http.Response.Body = new MemoryStream();
            Http.Features.Set<IHttpRequestLifetimeFeature>(this);
        }

        public DefaultHttpContext Http { get; }

        public bool Aborted { get; private set; }

        public string Text => System.Text.Encoding.UTF8.GetString(((MemoryStream)Http.Response.Body).ToArray());

        public CancellationToken RequestAborted { get; set; }

        public void Abort() => Aborted = true;
    }
}
