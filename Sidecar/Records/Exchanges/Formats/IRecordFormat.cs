namespace Sidecar.Records.Exchanges.Formats;

/// <summary>A format of records. One instance serves all connections, on any thread.</summary>
internal interface IRecordFormat
{
    /// <summary>A writer for the records of one connection.</summary>
    public RecordWriter For(in ExchangeOrigin origin);

    /// <summary>The sender of a line of this format, 0 if the line has none, for <see cref="Chassis.Records.LineSender"/>.</summary>
    public UInt128 SenderOf(ReadOnlySpan<byte> line);
}
