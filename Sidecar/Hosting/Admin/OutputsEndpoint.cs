using Chassis;
using Microsoft.AspNetCore.Http;
using Sidecar.Records.Exchanges;

namespace Sidecar.Hosting.Admin;

/// <summary><c>GET /outputs</c>: each entry of records, with what its output has taken and its last failure.</summary>
internal static class OutputsEndpoint
{
    public static IEndpointRouteBuilder MapOutputs(this IEndpointRouteBuilder routes)
    {
        // Without records there is no recorder.
        var entries = routes.ServiceProvider.GetService<ExchangeRecorder>()?.Entries ?? [];
        routes.MapGet("/outputs", () => TypedResults.Json(entries.Select(OutputView.Of).ToArray(), AdminJson.Default.OutputViewArray));
        return routes;
    }
}

/// <summary>One entry of records as the admin port shows it.</summary>
/// <param name="Name">Its name; null for the only one.</param>
/// <param name="Format">The format of its records.</param>
/// <param name="Kind">The kind of its output.</param>
/// <param name="Output">The output in words.</param>
/// <param name="Sent">Records that the output has taken.</param>
/// <param name="Dropped">Records lost on their way to the output.</param>
/// <param name="Waiting">Records that wait for it in memory.</param>
/// <param name="WaitingBytes">Memory of records that wait for it.</param>
/// <param name="Spooled">Records that wait for it on disk; null without a spool.</param>
/// <param name="SpooledBytes">Bytes of their files.</param>
/// <param name="LastSuccess">When it last took records.</param>
/// <param name="LastError">Its last failure.</param>
internal sealed record OutputView(
    string? Name, string Format, string Kind, string Output, long Sent, long Dropped, long Waiting, long WaitingBytes, long? Spooled, long? SpooledBytes, string? LastSuccess, string? LastError)
{
    public static OutputView Of(RecordEntry entry) => new(
        entry.Options.Name,
        entry.Options.Format,
        entry.Options.Output.Kind,
        entry.Options.Output.Description,
        entry.Sink.Sent,
        entry.Sink.Dropped + (entry.Sink.Spool is { } spool ? spool.Dropped + spool.Damaged : 0),
        entry.Sink.Waiting,
        entry.Sink.Held,
        entry.Sink.Spool?.Records,
        entry.Sink.Spool?.Bytes,
        entry.Sink.LastSuccess is { } time ? UtcTime.Text(time) : null,
        entry.Sink.LastError);
}
