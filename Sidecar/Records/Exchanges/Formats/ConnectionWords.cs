namespace Sidecar.Records.Exchanges.Formats;

/// <summary>The words of a format around the sidecar's own names of a connection.</summary>
internal sealed class ConnectionWords
{
    /// <summary>Before the connection's id.</summary>
    public required byte[] Id { get; init; }

    /// <summary>Between the id and the role.</summary>
    public required byte[] Role { get; init; }

    /// <summary>Before the transform, if the connection has one; empty if the format has none.</summary>
    public byte[] Transform { get; init; } = [];

    /// <summary>The end, up to the outcome of an exchange.</summary>
    public required byte[] Outcome { get; init; }
}
