using System.Globalization;
using System.Net;
using System.Text.Json;
using Chassis;
using Chassis.Net;

namespace Sidecar.Kubernetes;

/// <summary>
/// Keeps an index of one kind of objects as the API server has them: lists them in pages, then watches changes from there on. After a
/// failure it goes on watching where it was; it lists again when the server no longer knows that place (410).
/// </summary>
/// <param name="resource">The kind, for the log and metrics: <c>pods</c>.</param>
/// <param name="paths">Its paths below the API server's address, the newest version of the API first.</param>
/// <param name="create">Makes an empty index.</param>
/// <param name="server">The API server.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Gets a line when it begins to fail, and one when it works again.</param>
internal sealed partial class ResourceWatch(string resource, IReadOnlyList<string> paths, Func<IResourceIndex> create, ApiServer server, TimeProvider time, ILogger logger)
{
    /// <summary>Objects of a page: with usual pods less than 1 MB.</summary>
    public const int PageSize = 100;

    /// <summary>Most bytes of a page, and of an event. An object has up to 1.5 MB in etcd, and more as JSON.</summary>
    public const int MostBytes = 8 * 1024 * 1024;

    // The server ends a watch after this time, and by chance up to as much later, so that watches do not begin all at once.
    private static readonly TimeSpan WatchTime = TimeSpan.FromMinutes(4);

    // Behind it, the connection is dead.
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan PageLimit = TimeSpan.FromSeconds(60);

    // A watch that ends so soon without an event did not work.
    private static readonly TimeSpan ShortWatch = TimeSpan.FromSeconds(1);

    // What was true so long ago no longer counts.
    private static readonly TimeSpan TrustTime = TimeSpan.FromMinutes(10);

    private readonly RetryDelay _delay = new();
    private volatile IResourceIndex? _index;
    private string? _version;
    private long _succeeded;
    private bool _hasSucceeded;
    private bool _isFailing;
    private bool _hasEndedAtOnce;
    private long _errors;
    private long _leftOut;
    private int _pageSize = PageSize;
    private int _path;

    /// <summary>The kind.</summary>
    public string Resource => resource;

    /// <summary>What is known; null before the first list.</summary>
    public IResourceIndex? Index => _index;

    /// <summary>Whether the index shows the cluster as it is, or was at most ten minutes ago.</summary>
    public bool IsSynced => Volatile.Read(ref _hasSucceeded) && time.GetElapsedTime(Interlocked.Read(ref _succeeded)) < TrustTime;

    /// <summary>Failed lists and watches so far.</summary>
    public long Errors => Interlocked.Read(ref _errors);

    /// <summary>Objects, and changes of them, for which the index had no room so far.</summary>
    public long LeftOut => Interlocked.Read(ref _leftOut);

    /// <summary>When the server last answered well; null if it never has.</summary>
    public DateTimeOffset? LastSuccess => Volatile.Read(ref _hasSucceeded) ? time.GetUtcNow() - time.GetElapsedTime(Interlocked.Read(ref _succeeded)) : null;

    /// <summary>Runs until it is told to stop.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                if (_version is null)
                    await ListAsync(stop);
                await WatchAsync(stop);
            }
            catch (Exception) when (stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error)
            {
                // Whatever it was, relayed connections and the other names must not suffer from it.
                await WaitAsync(error, stop);
            }
        }
    }

    private async Task ListAsync(CancellationToken stop)
    {
        var index = create();
        string? next = null, version;
        do
        {
            var page = await ReadPageAsync(next, stop);
            foreach (var item in page.Items ?? [])
                Set(index, item);
            next = page.Metadata?.Continue;
            version = page.Metadata?.ResourceVersion ?? throw new InvalidDataException("the API server sends a list without a version");
        }
        while (!string.IsNullOrEmpty(next));
        (_index, _version) = (index, version);
        Succeed();
    }

    private async Task<ResourcePage> ReadPageAsync(string? next, CancellationToken stop)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(PageLimit);
        var question = string.Create(CultureInfo.InvariantCulture, $"?limit={_pageSize}{(next is null ? "" : $"&continue={Uri.EscapeDataString(next)}")}");
        using var response = await GetAnyAsync(question, stop);
        await using var content = await response.Content.ReadAsStreamAsync(limit.Token);
        try
        {
            var bytes = await new BoundedStream(content, MostBytes).ReadAllAsync(limit.Token);
            return JsonSerializer.Deserialize(bytes.Span, ResourceJson.Default.ResourcePage) ?? throw new InvalidDataException("the API server sends null for a list");
        }
        catch (InvalidDataException) when (_pageSize > 1)
        {
            // Large objects: fewer of them in the next attempt.
            _pageSize /= 2;
            throw;
        }
    }

    // An older cluster has only an older version.
    private async Task<HttpResponseMessage> GetAnyAsync(string question, CancellationToken stop)
    {
        while (true)
        {
            try
            {
                return await server.GetAsync(paths[_path] + question, stop);
            }
            catch (HttpRequestException missing) when (missing.StatusCode == HttpStatusCode.NotFound && _path + 1 < paths.Count)
            {
                _path++;
            }
            catch (HttpRequestException missing) when (missing.StatusCode == HttpStatusCode.NotFound)
            {
                _path = 0;
                throw;
            }
        }
    }

    private async Task WatchAsync(CancellationToken stop)
    {
        var seconds = (int)(WatchTime.TotalSeconds * (1 + Random.Shared.NextDouble()));
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(TimeSpan.FromSeconds(seconds) + Grace);
        var started = time.GetTimestamp();
        var question = string.Create(CultureInfo.InvariantCulture, $"{paths[_path]}?watch=1&allowWatchBookmarks=true&timeoutSeconds={seconds}&resourceVersion={Uri.EscapeDataString(_version!)}");
        try
        {
            using var response = await server.GetAsync(question, limit.Token);
            await using var content = await response.Content.ReadAsStreamAsync(limit.Token);
            var lines = new BoundedStream(content, MostBytes);
            var count = 0;
            for (; await lines.ReadLineAsync(limit.Token) is { } line; count++)
                Take(line.Span);
            if (count > 0 || time.GetElapsedTime(started) >= ShortWatch)
                Succeed();
            else if (_hasEndedAtOnce)
                throw new IOException("the API server ends each watch at once");
            else
                await EndedAtOnceAsync(stop);
        }
        catch (Exception error) when (!KeepsPlace(error))
        {
            _version = null;
            throw;
        }
    }

    // A server that ends may do so once, and must not be asked again and again.
    private async Task EndedAtOnceAsync(CancellationToken stop)
    {
        _hasEndedAtOnce = true;
        await Task.Delay(_delay.Next(null), time, stop);
    }

    // A server that refuses this place refuses it again (410), unless it refuses everything now. An event that cannot be read is lost.
    private static bool KeepsPlace(Exception error) => error is IOException or OperationCanceledException
        or HttpRequestException { StatusCode: null or HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden or HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable };

    private void Take(ReadOnlySpan<byte> line)
    {
        var change = JsonSerializer.Deserialize(line, ResourceJson.Default.WatchEvent) ?? throw new InvalidDataException("the API server sends null for an event");
        if (change.Type == "ERROR")
        {
            var status = change.Object.Deserialize(ResourceJson.Default.ApiStatus);
            throw new InvalidDataException($"{status?.Code} {OneLine.Start(status?.Message ?? "")}");
        }

        var item = change.Object.Deserialize(ResourceJson.Default.Resource);
        if (item?.Metadata?.ResourceVersion is not { Length: > 0 } version)
            throw new InvalidDataException("the API server sends an event without a version");
        switch (change.Type)
        {
            case "ADDED" or "MODIFIED":
                Set(_index!, item);
                break;
            case "DELETED":
                _index!.Remove(Checked(item));
                break;
        }

        _version = version;
        Succeed();
    }

    private void Set(IResourceIndex index, Resource item)
    {
        if (!index.Set(Checked(item)))
            Interlocked.Increment(ref _leftOut);
    }

    private static Resource Checked(Resource item) =>
        item.Metadata is { Name.Length: > 0, Uid.Length: > 0 } ? item : throw new InvalidDataException("the API server sends an object without a name");

    private void Succeed()
    {
        if (_isFailing)
            Log.Again(logger, resource);
        (_isFailing, _hasEndedAtOnce) = (false, false);
        _delay.Reset();
        Interlocked.Exchange(ref _succeeded, time.GetTimestamp());
        Volatile.Write(ref _hasSucceeded, true);
    }

    private async Task WaitAsync(Exception error, CancellationToken stop)
    {
        Interlocked.Increment(ref _errors);
        var reason = error is OperationCanceledException ? "no answer in time" : OneLine.Of(error.Message);
        if (!_isFailing)
            Log.Failing(logger, resource, reason);
        _isFailing = true;
        await Task.Delay(_delay.Next(null), time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private static partial class Log
    {
        [LoggerMessage(140, LogLevel.Warning, "Names of {Resource} are not up to date: {Reason}")]
        public static partial void Failing(ILogger logger, string resource, string reason);

        [LoggerMessage(141, LogLevel.Information, "Names of {Resource} are up to date again")]
        public static partial void Again(ILogger logger, string resource);
    }
}
