using System.Net;
using System.Net.Sockets;
using Demo;
using Demo.Programs;

namespace Sidecar.Benchmarks.Candidates;

/// <summary>Servers in this process that candidates send records to. What they cost counts for no candidate.</summary>
internal sealed class RecordServers : IDisposable
{
    private readonly Lazy<KafkaBrokers> _kafka = new(() => new KafkaBrokers(1));

    // The kernel accepts for it, and nobody ever reads or answers.
    private readonly Lazy<Socket> _hanging = new(() =>
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(DemoPorts.Local(0));
        socket.Listen();
        return socket;
    });

    /// <summary>An output of records: Kafka.</summary>
    public string Kafka => $"output: kafka, brokers: \"{_kafka.Value.Addresses}\", topic: {KafkaBrokers.Topic}";

    /// <summary>An output of records: a server that takes connections and never answers.</summary>
    public string Hanging => $"output: elasticsearch, url: \"http://{(IPEndPoint)_hanging.Value.LocalEndPoint!}\"";

    public void Dispose()
    {
        if (_kafka.IsValueCreated)
            _kafka.Value.Dispose();
        if (_hanging.IsValueCreated)
            _hanging.Value.Dispose();
    }
}
