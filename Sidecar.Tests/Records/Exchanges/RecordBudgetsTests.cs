using System.Net;
using Sidecar.Records.Exchanges;
using Testing;
using Xunit;

namespace Sidecar.Tests.Records.Exchanges;

public sealed class RecordBudgetsTests
{
    private readonly ManualTimeProvider _time = new();

    private long Now => _time.GetTimestamp();

    [Fact]
    public void For_NoRate_LimitsNothing() => Assert.Equal(default, new RecordBudgets(null, null, _time).For(IPAddress.Loopback));

    [Fact]
    public void Take_MoreThanOneConnectionsRate_LeavesItsClientsOthers()
    {
        var budgets = new RecordBudgets(connectionRate: 100, clientRate: 1000, _time);
        var (greedy, modest) = (budgets.For(Client(1)), budgets.For(Client(1)));
        greedy.Take(200);
        Assert.Equal(OverRate.Connection, greedy.Check(Now));
        Assert.Equal(OverRate.No, modest.Check(Now));
        _time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(OverRate.No, greedy.Check(Now));
    }

    [Fact]
    public void Take_ByManyConnectionsOfOneClient_LeavesOtherClients()
    {
        var budgets = new RecordBudgets(connectionRate: 100, clientRate: 1000, _time);
        for (var i = 0; i < 20; i++)
            budgets.For(Client(1)).Take(100);
        Assert.Equal(OverRate.Client, budgets.For(Client(1)).Check(Now));
        Assert.Equal(OverRate.No, budgets.For(Client(2)).Check(Now));
    }

    [Fact]
    public void For_MoreClientsThanAreRemembered_ShareOneBudgetUntilOthersAreSilent()
    {
        var budgets = new RecordBudgets(connectionRate: null, clientRate: 100, _time);
        for (var i = 0; i < RecordBudgets.MaxClients; i++)
            budgets.For(Client(i)).Take(200);
        Assert.Equal(RecordBudgets.MaxClients, budgets.Clients);

        budgets.For(Client(-1)).Take(200);
        Assert.Equal(OverRate.Client, budgets.For(Client(-2)).Check(Now));
        Assert.Equal(RecordBudgets.MaxClients, budgets.Clients);

        // The sweep of a moment ago found none; the next one comes a second later.
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(OverRate.No, budgets.For(Client(-3)).Check(Now));
        Assert.Equal(1, budgets.Clients);
    }

    [Fact]
    public void For_AClientThatReturnsBeforeItsBudgetIsFull_HasTheSameOne()
    {
        var budgets = new RecordBudgets(connectionRate: null, clientRate: 100, _time);
        budgets.For(Client(1)).Take(1000);
        _time.Advance(TimeSpan.FromSeconds(3));
        for (var i = 2; i < RecordBudgets.MaxClients + 10; i++)
            budgets.For(Client(i));
        Assert.Equal(OverRate.Client, budgets.For(Client(1)).Check(Now));
    }

    private static IPAddress Client(int number) => new(BitConverter.GetBytes(number));
}
