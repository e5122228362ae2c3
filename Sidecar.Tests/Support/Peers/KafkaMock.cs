using System.Reflection;
using System.Runtime.InteropServices;
using Confluent.Kafka;
using Demo;

namespace Sidecar.Tests.Support.Peers;

/// <summary>Three brokers in this process that can be made to fail; any client speaks to them by TCP.</summary>
internal sealed class KafkaMock : IDisposable
{
    // Request type "Produce" of Kafka's protocol.
    private const short Produce = 0;

    private const int Count = 3;

    private readonly KafkaBrokers _brokers = new(Count);
    private readonly nint _cluster;

    public unsafe KafkaMock()
    {
        var handle = (SafeHandle)typeof(Handle).GetProperty("LibrdkafkaHandle", BindingFlags.Instance | BindingFlags.NonPublic)!.GetValue(_brokers.Handle)!;
        _cluster = ((delegate* unmanaged<nint, nint>)Export("rd_kafka_handle_mock_cluster"))(handle.DangerousGetHandle());
    }

    /// <summary>The brokers' addresses.</summary>
    public string Addresses => _brokers.Addresses;

    /// <summary>The next requests to produce get these errors, by Kafka's numbers.</summary>
    public unsafe void Fail(params int[] errors)
    {
        fixed (int* first = errors)
            ((delegate* unmanaged<nint, short, nuint, int*, void>)Export("rd_kafka_mock_push_request_errors_array"))(_cluster, Produce, (nuint)errors.Length, first);
    }

    /// <summary>Takes all brokers down, or brings them up.</summary>
    public unsafe void SetUp(bool isUp)
    {
        var set = (delegate* unmanaged<nint, int, int>)Export(isUp ? "rd_kafka_mock_broker_set_up" : "rd_kafka_mock_broker_set_down");
        for (var broker = 1; broker <= Count; broker++)
            set(_cluster, broker);
    }

    public void Dispose() => _brokers.Dispose();

    // Of the variant that the package has loaded: it chooses one that fits this system.
    private static nint Export(string name) => NativeLibrary.GetExport(
        NativeLibrary.Load(File.ReadLines("/proc/self/maps").First(line => line.EndsWith("librdkafka.so", StringComparison.Ordinal)).Split(' ')[^1]), name);
}
