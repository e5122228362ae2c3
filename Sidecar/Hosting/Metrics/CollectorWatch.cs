using Chassis;
using Sidecar.Records.Exchanges.Outputs.Otlp;

namespace Sidecar.Hosting.Metrics;

/// <summary>Passes requests on, and remembers what became of the last one.</summary>
/// <param name="inner">Carries the requests.</param>
/// <param name="isGrpc">Whether they are calls of gRPC.</param>
internal sealed class CollectorWatch(HttpMessageHandler inner, bool isGrpc) : DelegatingHandler(inner)
{
    /// <summary>Why the last request failed, or what the collector did not take of it; null if it took all.</summary>
    public string? Failure { get; private set; }

    /// <inheritdoc/>
    protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        try
        {
            var response = base.Send(request, cancellationToken);
            using var body = new MemoryStream();
            response.Content.ReadAsStream(cancellationToken).CopyTo(body);
            Note(response, body.ToArray());
            return response;
        }
        catch (Exception error)
        {
            Note(error);
            throw;
        }
    }

    /// <inheritdoc/>
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        try
        {
            var response = await base.SendAsync(request, cancellationToken);
            // With the body come the trailers.
            Note(response, await response.Content.ReadAsByteArrayAsync(cancellationToken));
            return response;
        }
        catch (Exception error)
        {
            Note(error);
            throw;
        }
    }

    private void Note(HttpResponseMessage response, byte[] body)
    {
        var answer = isGrpc ? GrpcAnswer.Of(response, body) : ExportAnswer.OfHttp(response, body, rejected: null);
        Failure = answer.IsLater || answer.Rejected > 0 ? answer.Reason : null;
        // For the sender, in place of the one that is read.
        response.Content = new ByteArrayContent(body);
    }

    private void Note(Exception error) => Failure = error is OperationCanceledException ? "no answer in time" : OneLine.Of(error.Message);
}
