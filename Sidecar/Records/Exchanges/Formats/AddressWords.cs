namespace Sidecar.Records.Exchanges.Formats;

/// <summary>The words of a format around the addresses of a connection, for formats that have them in this order.</summary>
internal sealed class AddressWords
{
    /// <summary>Before the client's address.</summary>
    public required byte[] Client { get; init; }

    /// <summary>Between the client's address and its port.</summary>
    public required byte[] ClientPort { get; init; }

    /// <summary>Before the server's address.</summary>
    public required byte[] Server { get; init; }

    /// <summary>Between the server's address and its port.</summary>
    public required byte[] ServerPort { get; init; }

    /// <summary>Before <c>ipv4</c> or <c>ipv6</c>.</summary>
    public required byte[] NetworkType { get; init; }

    /// <summary>The end, up to the number of the process.</summary>
    public required byte[] Process { get; init; }
}
