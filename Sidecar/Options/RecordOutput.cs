using Chassis.Records;

namespace Sidecar.Options;

/// <summary>
/// An output for records, with its settings. Each kind, with its settings and defaults, is a file of <c>Records/Exchanges/Outputs/</c>.
/// </summary>
public abstract record RecordOutput
{
    /// <summary>The option or key that named it.</summary>
    public string Origin { get; init; } = "default";

    /// <summary>The records that share a key; for outputs that have keys.</summary>
    public RecordKey Key { get; init; }

    /// <summary>The name of its kind: <c>file</c>.</summary>
    internal abstract string Kind { get; }

    /// <summary>Its name in the log and in <c>check</c>.</summary>
    internal abstract string Description { get; }

    /// <summary>The only format that it can take; null for any.</summary>
    internal virtual string? OnlyFormat => null;

    /// <summary>The format of its lines: usually that of the records.</summary>
    /// <param name="format">The format of the records.</param>
    internal virtual string LinesOf(string format) => format;

    /// <summary>The file that it writes, which no other output can share; null for none.</summary>
    internal virtual string? File => null;

    /// <summary>Checks whether it can be opened, and changes nothing.</summary>
    /// <exception cref="Chassis.UsageException">It cannot; the message is the same as at a start.</exception>
    internal abstract void Check();

    /// <summary>Opens it.</summary>
    /// <exception cref="Chassis.UsageException">It cannot be opened.</exception>
    internal abstract ILineOutput Open(OutputContext context);
}

/// <summary>The records that share a key, and so keep their order.</summary>
public enum RecordKey
{
    /// <summary>Records have no key.</summary>
    None,

    /// <summary>Those of one connection.</summary>
    Connection,

    /// <summary>Those of one client's address.</summary>
    Client,

    /// <summary>Those of one path, with placeholders for numbers and ids.</summary>
    Path,
}

/// <summary>What an output needs besides its settings.</summary>
/// <param name="Format">The name of the records' format.</param>
/// <param name="SenderOf">Finds the sender of a line, so that one client does not push out the lines of others.</param>
/// <param name="Time">The process's clock.</param>
/// <param name="Logger">Gets a line when writing starts to fail, and one when it works again.</param>
internal sealed record OutputContext(string Format, LineSender SenderOf, TimeProvider Time, ILogger Logger);
