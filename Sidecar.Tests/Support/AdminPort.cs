using System.Net;
using System.Text.Json;
using Xunit;

namespace Sidecar.Tests.Support;

/// <summary>A sidecar's admin port as an operator uses it.</summary>
internal sealed class AdminPort(int port)
{
    /// <summary>Where it is.</summary>
    public int Port => port;

    private static readonly HttpClient Http = new();

    /// <summary>Sends a request, as from a web page if an origin is given, or for another name of this machine.</summary>
    public async Task<HttpResponseMessage> SendAsync(string method, string path, string? origin = null, string? host = null)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri($"http://127.0.0.1:{port}{path}"));
        if (origin is not null)
            request.Headers.Add("Origin", origin);
        request.Headers.Host = host;
        return await Http.SendAsync(request, TestContext.Current.CancellationToken);
    }

    /// <summary>The status of an answer.</summary>
    public async Task<HttpStatusCode> StatusAsync(string method, string path, string? origin = null, string? host = null)
    {
        using var response = await SendAsync(method, path, origin, host);
        return response.StatusCode;
    }

    /// <summary>An answer that goes on while it is read.</summary>
    public async Task<StreamReader> OpenAsync(string path)
    {
        var response = await Http.GetAsync(new Uri($"http://127.0.0.1:{port}{path}"), HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return new StreamReader(await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
    }

    /// <summary>The live connections.</summary>
    public async Task<IReadOnlyList<JsonElement>> ConnectionsAsync(string query = "")
    {
        using var response = await SendAsync("GET", "/connections" + query);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return [.. JsonDocument.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).RootElement.EnumerateArray()];
    }

    /// <summary>Waits until the only connection is in a state.</summary>
    public async Task<JsonElement> ConnectionInAsync(string state)
    {
        for (var left = 2000; ; left--)
        {
            var connections = await ConnectionsAsync();
            if (connections is [var only] && only.GetProperty("state").GetString() == state)
                return only;
            Assert.True(left > 0, $"{state} is expected: {string.Join(' ', connections)}");
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }
    }
}
