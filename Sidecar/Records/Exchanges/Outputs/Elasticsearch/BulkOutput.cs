using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Sidecar.Options;
using Sidecar.Records.Exchanges.Outputs.Http;
using Sidecar.Records.Exchanges.Outputs.Spools;

namespace Sidecar.Records.Exchanges.Outputs.Elasticsearch;

/// <summary>Sends records by the bulk API. A record keeps its id over all attempts, so that none is there twice.</summary>
internal sealed partial class BulkOutput : HttpOutput
{
    private static readonly MediaTypeHeaderValue Lines = new("application/x-ndjson");
    private static readonly MediaTypeHeaderValue Json = new("application/json");

    private readonly ElasticsearchOutput _options;

    private bool _hasTemplate;
    private bool _isStream;

    /// <param name="options">The server and the index.</param>
    /// <param name="authorities">The authorities to trust; null for the system's.</param>
    /// <param name="context">The format, the clock and the log.</param>
    public BulkOutput(ElasticsearchOutput options, X509Certificate2Collection? authorities, OutputContext context)
        : base(options.Description, context, Client(options.Url, authorities, CredentialsOf(options)))
    {
        _options = options;
        _hasTemplate = !options.InstallsTemplate;
        _isStream = options.IsDataStream ?? (options.InstallsTemplate && !options.Index.HasDate);
    }

    /// <inheritdoc/>
    public override ValueTask<int> SendAsync(LineBatch batch) =>
        SendAllAsync(BulkBatch.Of(_options.Index.NameAt(batch.Time), batch), static batch => batch.Count, SendAsync);

    private static AuthenticationHeaderValue? CredentialsOf(ElasticsearchOutput options) => options switch
    {
        { ApiKey: { } key } => new AuthenticationHeaderValue("ApiKey", key),
        { User: { } user } => new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{options.Password}"))),
        _ => null,
    };

    // Returns what must be sent again.
    private async Task<BulkBatch> SendAsync(BulkBatch batch, CancellationToken cancel)
    {
        if (!_hasTemplate)
            await InstallTemplateAsync(cancel);
        using var content = Compressed(batch.Body(_isStream), Lines);
        // Only what is read of an answer.
        using var response = await Http.PostAsync(new Uri("_bulk?filter_path=errors,items.*.status,items.*.error.type,items.*.error.reason", UriKind.Relative), content, cancel);
        var body = await response.Content.ReadAsByteArrayAsync(cancel);
        if (response.StatusCode == HttpStatusCode.RequestEntityTooLarge && batch.Count > 1)
            return await SendHalvesAsync(batch, cancel);
        if (response.StatusCode is HttpStatusCode.BadRequest or HttpStatusCode.RequestEntityTooLarge)
        {
            // The server will say the same next time.
            Refuse(batch.Count, $"{(int)response.StatusCode} {Shown(body)}");
            return BulkBatch.Empty;
        }

        if (!response.IsSuccessStatusCode)
        {
            await WaitAsync($"{(int)response.StatusCode} {Shown(body)}", RetryAfter.Of(response.Headers));
            return batch;
        }

        var answer = BulkAnswer.Parse(body, batch.Count);
        if (answer.Refused > 0)
            Refuse(answer.Refused, answer.Reason!);
        if (answer.Again.Count == 0)
        {
            Succeed();
            return BulkBatch.Empty;
        }

        await WaitAsync($"the server has no room for {answer.Again.Count} of {batch.Count} records", null);
        return batch.Only(answer.Again);
    }

    private async Task<BulkBatch> SendHalvesAsync(BulkBatch batch, CancellationToken cancel)
    {
        var (first, second) = batch.Halves();
        var rest = await SendAsync(first, cancel);
        return rest.Count > 0 ? rest.And(second) : second;
    }

    private async Task InstallTemplateAsync(CancellationToken cancel)
    {
        using var content = new StringContent(IndexTemplate.Of(Context.Format, _options.Index.Wildcard, hasNames: Context.Resource is not null, _isStream), Json);
        using var response = await Http.PutAsync(new Uri($"_index_template/{IndexTemplate.NameOf(Context.Format, _options.Index.Wildcard)}", UriKind.Relative), content, cancel);
        var body = await response.Content.ReadAsByteArrayAsync(cancel);
        if (response.StatusCode is HttpStatusCode.TooManyRequests or HttpStatusCode.Unauthorized || (int)response.StatusCode >= 500)
            throw new HttpRequestException($"{(int)response.StatusCode} {Shown(body)}");
        if (response.StatusCode == HttpStatusCode.BadRequest && _isStream && _options.IsDataStream is null)
        {
            // An old server, or a build without them.
            _isStream = false;
            await InstallTemplateAsync(cancel);
            return;
        }

        if (!response.IsSuccessStatusCode)
            Log.NoTemplate(Context.Logger, Description, $"{(int)response.StatusCode} {Shown(body)}");
        _hasTemplate = true;
    }

    private static partial class Log
    {
        [LoggerMessage(133, LogLevel.Warning, "{Output} did not take the index template, and records go there without it: {Reason}")]
        public static partial void NoTemplate(ILogger logger, string output, string reason);
    }
}
