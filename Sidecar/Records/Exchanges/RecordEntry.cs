using System.Net;
using Chassis.Records;
using Sidecar.Observation;
using Sidecar.Options;
using Sidecar.Records.Exchanges.Formats;

namespace Sidecar.Records.Exchanges;

/// <summary>One entry of the configuration: its choice of exchanges, its format, and its output.</summary>
internal sealed class RecordEntry(ExchangeRecordOptions options, ExchangeFilter filter, AddressFilter servers, RecordFormat format, RecordBudgets budgets, LineSink sink)
{
    private long _overConnectionRate;
    private long _overClientRate;

    /// <summary>Its settings.</summary>
    public ExchangeRecordOptions Options => options;

    /// <summary>The format of its records.</summary>
    public RecordFormat Format => format;

    /// <summary>The sink for its records.</summary>
    public LineSink Sink => sink;

    /// <summary>Records left out so far because their connection had too many.</summary>
    public long OverConnectionRate => Interlocked.Read(ref _overConnectionRate);

    /// <summary>Records left out so far because their client had too many.</summary>
    public long OverClientRate => Interlocked.Read(ref _overClientRate);

    /// <summary>Whether exchanges of a connection are recorded at all.</summary>
    public bool Takes(in ExchangeOrigin origin) => servers.Accepts(origin.Server.Address);

    /// <summary>A writer for the records of one connection.</summary>
    public RecordWriter WriterFor(in ExchangeOrigin origin) => format.For(origin, options.Output.Key);

    /// <summary>The limits for a connection's records.</summary>
    public RecordBudget BudgetFor(IPAddress client) => budgets.For(client);

    /// <summary>Whether an exchange is recorded; an exchange without room in the budget is counted.</summary>
    public bool Takes(Exchange exchange, in RecordBudget budget)
    {
        if (!filter.Accepts(exchange))
            return false;
        var over = budget.Check(exchange.Ended);
        if (over == OverRate.No)
            return true;
        Interlocked.Increment(ref over == OverRate.Connection ? ref _overConnectionRate : ref _overClientRate);
        return false;
    }
}
