using Sidecar.Tests.Support;
using Testing;
using Xunit;

namespace Sidecar.Tests.Interception;

/// <summary>Tests that share the two pods run one after the other.</summary>
[CollectionDefinition(Name)]
public sealed class PodPairs : ICollectionFixture<PodPair>
{
    public const string Name = "two pods";
}

/// <summary>Two joined pods, as a cluster has them: in each a sidecar with p1 and p2, and the rules for both directions.</summary>
public sealed class PodPair : IAsyncLifetime
{
    internal Pod Client { get; private set; } = null!;

    internal Pod Server { get; private set; } = null!;

    /// <summary>A test begins, which must not find the records of one before it.</summary>
    public void ForgetRecords()
    {
        Client.ForgetRecords();
        Server.ForgetRecords();
    }

    public async ValueTask InitializeAsync()
    {
        if (!RootTools.AreThere)
            return;
        Client = new Pod(await NetworkNamespace.CreateAsync(), 1);
        Server = new Pod(await NetworkNamespace.CreateAsync(), 2);
        await NetworkNamespace.JoinAsync(Client.Space, Server.Space);
        await Task.WhenAll(Client.StartAsync(), Server.StartAsync());
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var pod in new[] { Client, Server })
        {
            if (pod is not null)
                await pod.DisposeAsync();
        }
    }
}
