using Sidecar.Observation;

namespace Sidecar.Records.Exchanges.Formats;

/// <summary>Writes the records of one connection in one format.</summary>
internal abstract class RecordWriter
{
    /// <summary>Writes a line, with its line feed, on the event loop: it neither waits nor allocates.</summary>
    /// <returns>
    /// Position of the process's number if it is not known yet, with <see cref="Chassis.Records.LineSink.LateNumberWidth"/> blanks there;
    /// -1 if the number is written already, or has no place.
    /// </returns>
    public abstract int Write(JsonLine line, Exchange exchange);
}
