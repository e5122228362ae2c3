namespace Sidecar.Records.Exchanges.Formats;

/// <summary>How exchanges are written. One serves all connections, on any thread.</summary>
internal interface IRecordFormat
{
    /// <summary>Writes the records of one connection.</summary>
    public RecordWriter For(in ExchangeOrigin origin);

    /// <summary>Who sent a line of this format, 0 where it does not say; as <see cref="Chassis.Records.LineSender"/> asks.</summary>
    public UInt128 SenderOf(ReadOnlySpan<byte> line);
}
