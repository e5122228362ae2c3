using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;
using Sidecar.Options;
using Sidecar.Records.Exchanges.Outputs.Http;
using Sidecar.Records.Exchanges.Outputs.Spools;

namespace Sidecar.Records.Exchanges.Outputs.Otlp;

/// <summary>Sends spans or log records to a collector.</summary>
internal sealed class SignalOutput : HttpOutput
{
    private readonly OtlpRequest _request;
    private readonly OtlpCall _call;

    /// <param name="options">The collector.</param>
    /// <param name="authorities">The authorities to trust; null for the system's.</param>
    /// <param name="context">The format, the clock and the log.</param>
    public SignalOutput(OtlpOutput options, X509Certificate2Collection? authorities, OutputContext context)
        : base(options.Description, context, Client(options.Url, authorities, options.Token is { } token ? new AuthenticationHeaderValue("Bearer", token) : null))
    {
        _request = new OtlpRequest(options.Signal, options.Protocol, OtlpResource.Of(options.Service, Environment.GetEnvironmentVariable, context.Resource));
        _call = new OtlpCall(Http, options.Signal, options.Protocol);
    }

    /// <inheritdoc/>
    public override ValueTask<int> SendAsync(LineBatch batch) =>
        SendAllAsync(new Batch(Gzip(_request.Of(batch.Lines.Span)), batch.Count), static part => part.Count, SendAsync);

    private async Task<Batch> SendAsync(Batch batch, CancellationToken cancel)
    {
        var answer = await _call.SendAsync(batch.Compressed, cancel);
        if (answer.IsLater)
        {
            await WaitAsync(answer.Reason, answer.Wait);
            return batch;
        }

        if (answer.Rejected > 0)
            Refuse((int)Math.Min(answer.Rejected, batch.Count), answer.Reason);
        else
            Succeed();
        return default;
    }

    private readonly record struct Batch(byte[] Compressed, int Count);
}
