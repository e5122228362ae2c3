using Sidecar.Tests.Support;
using Testing;
using Xunit;

namespace Sidecar.Tests.Interception;

/// <summary>Tests that share the pods with routes by name run one after the other.</summary>
[CollectionDefinition(Name)]
public sealed class NamePodsShared : ICollectionFixture<NamePods>
{
    public const string Name = "pods with routes by name";
}

/// <summary>Two joined pods. The client's sidecar has routes by name, the server's takes plain clients too.</summary>
public sealed class NamePods : IAsyncLifetime
{
    /// <summary>A port on which the route depends on the name.</summary>
    public const int Named = 9200;

    /// <summary>A port on which it does not.</summary>
    public const int Nameless = 9201;

    private const string Listeners = """
        timeouts:
          handshake: 20s
          connect: 20s
        listeners:
          - name: out
            listen: "[::]:45000"
            role: outbound
            transform: not
            peek-names: on
            peek-timeout: 400ms
            routes:
              - {destination: "sidecar.test:9200", action: peer}
              - {destination: ["denied.test:9200", "*.denied.test:9200"], action: deny}
          - name: in
            listen: "[::]:45001"
            role: inbound
            peers: permissive
            transform: not
        """;

    internal Pod Client { get; private set; } = null!;

    internal Pod Server { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        if (!RootTools.AreThere)
            return;
        Client = new Pod(await NetworkNamespace.CreateAsync(), 1, Listeners);
        Server = new Pod(await NetworkNamespace.CreateAsync(), 2, Listeners);
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
