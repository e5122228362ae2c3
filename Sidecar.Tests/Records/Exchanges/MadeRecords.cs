using Sidecar.Observation;
using Sidecar.Owners;
using Testing;
using static Sidecar.Tests.Records.Exchanges.MadeExchanges;

namespace Sidecar.Tests.Records.Exchanges;

/// <summary>Records that together have all that a record can have.</summary>
internal static class MadeRecords
{
    /// <summary>Lines of a format.</summary>
    /// <param name="format">Its name.</param>
    /// <param name="hasNames">Whether they have Kubernetes' names.</param>
    public static IReadOnlyList<string> Of(string format, bool hasNames = false)
    {
        var call = Completed(
            Request("PURR", "/pkg.Shop/Buy?a=b", ("Host", "a"), ("User-Agent", "b"), ("X-Request-Id", "c"), ("Referer", "d"), ("Content-Type", "e"), ("X-Forwarded-For", "f"), ("Cookie", new string('x', 9000)), ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")),
            Response(503, ("Content-Type", "text/html")),
            ExchangeOutcome.ServerReset);
        call.Grpc = new GrpcCall { Status = 13, RequestMessages = 1 };
        var (client, server) = (new LocalProcess(isPending: true), new LocalProcess(isPending: true));
        client.Found(17, "curl", new string('c', 64));
        server.Found(int.MaxValue, "a\"\u00e4\\\n{", new string('0', 64));
        return
        [
            .. from exchange in new[] { call, MadeExchanges.Of(), MadeExchanges.Of("/" + new string('\u00e4', 3000)), Completed(Request("GET", "*"), null, ExchangeOutcome.Timeout) }
               from origin in new[] { Origin("[2001:db8::1]:1", "10.0.0.1:2", transform: "(xor 1)"), Origin("[::ffff:10.1.2.3]:65535", process: server) with { ClientProcess = client } }
               select Written(Format(format, Text(maxLine: 4096, time: new ManualTimeProvider())), exchange, origin with { Names = hasNames ? Names : null }),
        ];
    }
}
