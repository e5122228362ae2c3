using Sidecar.Observation;

namespace Sidecar.Records.Exchanges.Formats;

/// <summary>Writes the records of one connection in one format.</summary>
internal abstract class RecordWriter
{
    /// <summary>Writes a line, with its line feed, on the event loop: it neither waits nor allocates.</summary>
    /// <returns>
    /// Where the process's number belongs once it is known, with <see cref="Chassis.Records.LineSink.LateNumberWidth"/> blanks there;
    /// -1 when it stands there, or has no place.
    /// </returns>
    public abstract int Write(JsonLine line, Exchange exchange);
}
