using Chassis.Records;

namespace Sidecar.Options;

/// <summary>Where records go, with all that is said of it. Each kind, with its settings and defaults, is a file of <c>Records/Exchanges/Outputs/</c>.</summary>
public abstract record RecordOutput
{
    /// <summary>The option or key that named it.</summary>
    public string Origin { get; init; } = "default";

    /// <summary>What it is called: <c>file</c>.</summary>
    internal abstract string Kind { get; }

    /// <summary>How log and <c>check</c> call it.</summary>
    internal abstract string Description { get; }

    /// <summary>The file that it writes, which must be nobody else's; null for none.</summary>
    internal virtual string? File => null;

    /// <summary>Tries whether it could be opened, and leaves everything as it is.</summary>
    /// <exception cref="Chassis.UsageException">It cannot; the message is that of a start.</exception>
    internal abstract void Check();

    /// <summary>Opens it.</summary>
    /// <param name="senderOf">Tells who sent a line, where one client must not push out the others'.</param>
    /// <param name="time">The process's clock.</param>
    /// <param name="logger">Told once when writing starts to fail and once when it works again.</param>
    /// <exception cref="Chassis.UsageException">It cannot be opened.</exception>
    internal abstract ILineOutput Open(LineSender senderOf, TimeProvider time, ILogger logger);
}
