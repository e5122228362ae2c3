using Testing;
using Workload.Tests.VideoApi.Support;
using Xunit;

namespace Workload.Tests.VideoApi.Storage;

/// <summary>A storage with one film; its files are only read.</summary>
public sealed class StorageFixture : IAsyncLifetime
{
    private readonly TempFolder _folder = Films.Create();
    private RunningApp? _app;

    internal RunningApp App => _app!;

    internal HttpClient Http => App.Http;

    internal byte[] File(string name) => System.IO.File.ReadAllBytes(_folder.File(name));

    public async ValueTask InitializeAsync() => _app = await RunningApp.StorageAsync(_folder.Root, time: LaterTime.Minute);

    public async ValueTask DisposeAsync()
    {
        await App.DisposeAsync();
        _folder.Dispose();
    }

    /// <summary>Sends a request with headers as they are.</summary>
    internal async Task<HttpResponseMessage> SendAsync(string path, HttpMethod? method = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method ?? HttpMethod.Get, path);
        foreach (var (name, value) in headers)
            Assert.True(request.Headers.TryAddWithoutValidation(name, value));
        return await Http.SendAsync(request, TestContext.Current.CancellationToken);
    }
}
