namespace Sidecar.Tests.EndToEnd.Documentation;

/// <summary>What a document says in words around a command: what is there before it, and what happens while it runs.</summary>
/// <param name="Before">A script that is run before.</param>
/// <param name="Meanwhile">A script that is run when the command has written its first line.</param>
internal sealed record Scene(string Before, string? Meanwhile = null)
{
    /// <summary>A word in commands and in their output for which a scene has another: the last line that its script writes.</summary>
    public const string Placeholder = "ID";

    private const string WebManifest = """
        cat > web.yaml <<'END'
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: web}
        spec:
          selector: {matchLabels: {app: web}}
          template:
            metadata:
              labels: {app: web}
              annotations: {sidecar.proxy/role: inbound}
            spec:
              containers:
                - {name: web, image: web, ports: [{containerPort: 9000}]}
        END
        """;

    /// <summary>The scenes, by command.</summary>
    public static readonly IReadOnlyDictionary<string, Scene> All = new Dictionary<string, Scene>
    {
        // "Operators of your own".
        ["dotnet Oracle/bin/Release/net10.0/Oracle.dll 9100 --policy policy.yaml"] = new(
            "mkdir filters && cp Samples/RollingXor/bin/Release/net10.0/RollingXor.dll filters/mine.dll"),
        // A manifest of the reader.
        ["Sidecar inject -f web.yaml --role inbound --oracle oracle:9100 > web-injected.yaml"] = new(WebManifest),
        ["Sidecar inject -f web.yaml > web-injected.yaml"] = new(WebManifest),
        // "When all is well".
        ["iptables/sidecar-iptables check --outbound-port 45000 --inbound-port 45001"] = new(
            "iptables/sidecar-iptables apply --outbound-port 45000 --inbound-port 45001"),
        // A capture of the reader.
        ["Sidecar observe --capture traffic.pcapng"] = new(
            """
            tcpdump -i lo -c 1 -Z root -w traffic.pcapng 2> capture.log &
            until grep -q 'listening on' capture.log; do sleep 0.05; done
            ping -c 1 127.0.0.1 > /dev/null 2>&1 || exec 3<> /dev/udp/127.0.0.1/9 && echo >&3
            wait
            """),
        // The second exchange of the output.
        ["Sidecar records exchanges.json"] = new(
            """
            jq -c '.ts = {seconds: 1664880858, nanos: 559000000} | .l7.latency_ns = 205000 | .ext.request_bytes = 21300 | .ext.response_bytes = 128
              | .l7.request.Record.Http |= (.method = "POST" | .url = "/push")' exchanges.json > more.json
            cat more.json >> exchanges.json
            """),
        // A live connection through a pair, to a server that reads to the end and closes.
        ["curl -N '127.0.0.1:15000/connections/ID/tap?bytes=16'"] = new(
            """
            python3 -c 'if True:
              import socket
              connection = socket.create_server(("127.0.0.1", 9000)).accept()[0]
              while connection.recv(99): pass' > server.log 2>&1 &
            echo 'listeners: [{name: out, listen: "127.0.0.1:45000", role: p1, target: "127.0.0.1:45001", transform: (xor 42)}]' > p1.yaml
            Sidecar --config p1.yaml > p1.log 2>&1 &
            until grep -q 'accepts on' p1.log; do sleep 0.05; done
            Sidecar --listen 127.0.0.1:45001 --role p2 --target 127.0.0.1:9000 --transform '(xor 42)' > p2.log 2>&1 &
            until grep -q 'accepts on' p2.log; do sleep 0.05; done
            { until [[ -e go ]]; do sleep 0.05; done; printf hello; } 2> client.log > /dev/tcp/127.0.0.1/45000 &
            until curl -s 127.0.0.1:15000/connections | jq -er '.[] | select(.state == "relaying").id'; do sleep 0.05; done
            """,
            "touch go"),
    };
}
