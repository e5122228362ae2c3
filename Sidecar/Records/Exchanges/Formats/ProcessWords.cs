namespace Sidecar.Records.Exchanges.Formats;

/// <summary>The words of a format around what is known of a process. Each value is left out if it is not known.</summary>
internal sealed class ProcessWords
{
    /// <summary>Before its number; empty if the format writes the number elsewhere.</summary>
    public byte[] Id { get; init; } = [];

    /// <summary>Behind its number.</summary>
    public byte[] IdEnd { get; init; } = [];

    /// <summary>Before its command.</summary>
    public required byte[] Command { get; init; }

    /// <summary>Before the id of its container.</summary>
    public required byte[] Container { get; init; }

    /// <summary>Behind its command, and behind the id of its container.</summary>
    public byte[] TextEnd { get; init; } = "\""u8.ToArray();
}
