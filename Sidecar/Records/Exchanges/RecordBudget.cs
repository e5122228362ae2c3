namespace Sidecar.Records.Exchanges;

/// <summary>Why a record is left out.</summary>
internal enum OverRate
{
    /// <summary>It is not.</summary>
    No,

    /// <summary>The connection has had its bytes.</summary>
    Connection,

    /// <summary>The client's connections together have had theirs.</summary>
    Client,
}

/// <summary>What the records of one connection may come to: by itself, and with the others of its client. The default limits nothing.</summary>
internal readonly record struct RecordBudget(ByteBucket? Connection, ByteBucket? Client)
{
    /// <summary>Whether another record has room.</summary>
    /// <param name="now">A time stamp.</param>
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
