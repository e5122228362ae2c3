namespace Sidecar.Records.Exchanges;

/// <summary>Why a record is left out.</summary>
internal enum OverRate
{
    /// <summary>It is not left out.</summary>
    No,

    /// <summary>The connection has used up its bytes.</summary>
    Connection,

    /// <summary>The client's connections together have used up their bytes.</summary>
    Client,
}

/// <summary>
/// The limits for the records of one connection: by itself, and together with the others of its client. The default has no limit.
/// </summary>
internal readonly record struct RecordBudget(ByteBucket? Connection, ByteBucket? Client)
{
    /// <summary>Whether another record has room.</summary>
    /// <param name="now">A timestamp.</param>
    public OverRate Check(long now) =>
        Connection?.HasAny(now) == false ? OverRate.Connection
        : Client?.HasAny(now) == false ? OverRate.Client
        : OverRate.No;

    /// <summary>A record was written.</summary>
    public void Take(int bytes)
    {
        Connection?.Take(bytes);
        Client?.Take(bytes);
    }
}
