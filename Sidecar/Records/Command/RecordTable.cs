using System.Globalization;

namespace Sidecar.Records.Command;

/// <summary>Records as lines of a table, as they come.</summary>
/// <param name="output">The output.</param>
/// <param name="hasColours">Whether it shows ANSI colours.</param>
internal sealed class RecordTable(TextWriter output, bool hasColours)
{
    /// <summary>Whether it has lines.</summary>
    public bool HasLines { get; private set; }

    public void Add(ReadRecord record)
    {
        if (!HasLines)
            output.WriteLine(Coloured("1", $"{"time",-12}  {"method",-7}  {"status",-10}  {"latency",8}  {"sent",7}  {"received",8}  target"));
        HasLines = true;
        var time = record.Time.ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture);
        var status = Coloured(ColourOf(record), $"{StatusOf(record),-10}");
        var latency = record.Latency is { } known ? Printable.Of(known) : "-";
        output.WriteLine($"{time}  {Printable.Of(record.Method),-7}  {status}  {latency,8}  {Bytes(record.RequestBytes),7}  {Bytes(record.ResponseBytes),8}  {Printable.Of(record.Target)}");
    }

    private static string Bytes(long? bytes) => bytes is { } known ? Printable.Bytes(known) : "-";

    // With the gRPC status after it, or with the outcome of an exchange that is not completed.
    private static string StatusOf(ReadRecord record)
    {
        var status = record.Status?.ToString(CultureInfo.InvariantCulture) ?? "-";
        if (record.Outcome is { } outcome and not "completed")
            return $"{status} {outcome switch { "client_reset" => "client", "server_reset" => "server", _ => Printable.Of(outcome) }}";
        return record.GrpcStatus is { } grpc ? $"{status} grpc {grpc}" : status;
    }

    private static string ColourOf(ReadRecord record) => record switch
    {
        { IsError: false, Status: < 300 } => "32",
        { IsError: false } => "36",
        { Status: >= 400 and < 500, Outcome: null or "completed" } => "33",
        _ => "31",
    };

    private string Coloured(string colour, string text) => hasColours ? $"\u001b[{colour}m{text}\u001b[0m" : text;
}
