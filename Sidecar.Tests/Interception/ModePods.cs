using Sidecar.Tests.Support;
using Testing;
using Xunit;

namespace Sidecar.Tests.Interception;

/// <summary>Tests that share the pods with modes run one after the other.</summary>
[CollectionDefinition(Name)]
public sealed class ModePodsShared : ICollectionFixture<ModePods>
{
    public const string Name = "pods with modes";
}

/// <summary>Two joined pods; the server's sidecar has a port of each mode.</summary>
public sealed class ModePods : IAsyncLifetime
{
    // The limit of a greeting is short: strict ports wait for it with silent clients.
    private const string Listeners = """
        timeouts:
          handshake: 2s
          connect: 20s
        listeners:
          - name: out
            listen: "[::]:45000"
            role: outbound
            transform: not
          - name: in
            listen: "[::]:45001"
            role: inbound
            transform: not
            ports:
              - {port: 9101, peers: permissive}
              - {port: 9102, peers: plain}
        """;

    internal Pod Client { get; private set; } = null!;

    internal Pod Server { get; private set; } = null!;

    /// <summary>The port of a mode.</summary>
    public static int PortOf(string mode) => mode switch
    {
        "strict" => 9100,
        "permissive" => 9101,
        _ => 9102,
    };

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
