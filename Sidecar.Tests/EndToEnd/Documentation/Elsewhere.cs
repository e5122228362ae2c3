using Testing;

namespace Sidecar.Tests.EndToEnd.Documentation;

/// <summary>Documented commands that the tests of the documents do not run.</summary>
internal static class Elsewhere
{
    /// <summary>Those that <c>./test</c> runs as steps of its own; it may add options.</summary>
    public static readonly IReadOnlyList<string> Steps =
    [
        "./demo --verify",
        "dotnet build -c Release",
        "dotnet publish Sidecar -p:PublishProfile=pod -o out",
        "dotnet out/Sidecar.dll --help",
        "scripts/publish-native Sidecar",
        "scripts/publish-native --arch arm64 Sidecar",
        "Sidecar/bin/Release/net10.0/linux-x64/publish/Sidecar --help",
    ];

    /// <summary>The documents with commands for machines with systemd; <c>Systemd/DocumentedMachinesTests</c> runs them there.</summary>
    public static readonly IReadOnlyList<string> OnMachines = ["docs/virtual-machine.md", "docs/upgrade.md"];

    /// <summary>Those that nothing runs, each with the reason.</summary>
    public static readonly IReadOnlyDictionary<string, string> Reasons = new Dictionary<string, string>
    {
        ["./test"] = "runs this test",
        ["./test --containers"] = "runs tests too, those of the pods",
        ["./test --cluster"] = "the same, those of the cluster",
        ["./test --unit"] = "runs tests that this run has too",
        ["scripts/images build"] = "needs a registry for the bases; DemoPods runs it with other bases",
        ["scripts/images save"] = "needs these images; ImageTests runs it",
        ["scripts/images push --registry registry.example.org/team"] = "needs that registry; ImageTests runs it with another one",
        ["dotnet run -c Release --project Sidecar.Benchmarks -- compare"] = "takes eight minutes; CompareRunTests runs it with smaller numbers",
        ["dotnet run -c Release --project Sidecar.Benchmarks -- compare --quick"] = "takes minutes; the same",
        ["dotnet run -c Release --project Sidecar.Benchmarks -- micro"] = "takes minutes",
        ["dotnet run -c Release --project Sidecar.Benchmarks -- captures"] = "takes ten minutes; CapturesRunTests runs it with smaller numbers",
        ["tcpdump -i eth0 -U -w - 'tcp port 80' | Sidecar observe --capture -"] = "needs such an interface and an end by Ctrl-C; ObserveTests runs it at loopback",
        ["kubectl apply -k k8s/overlays/demo"] = "needs a cluster; DemoCluster runs it",
        ["kubectl -n sidecar-demo port-forward service/frontend 8000"] = "needs a cluster; DemoClusterTests run it",
        ["kubectl -n sidecar-demo rollout status deployment/frontend deployment/backend deployment/storage deployment/oracle"] = "needs a cluster; DemoCluster runs it",
        ["kubectl -n sidecar-demo logs deployment/frontend -c sidecar --tail 1"] = "needs a cluster; DemoClusterTests run it",
        ["kubectl -n sidecar-demo port-forward deployment/frontend 15090"] = "needs a cluster; DemoClusterTests run it",
        ["kubectl apply -k k8s/injector"] = "needs a cluster; ClusterInjector runs it",
        ["kubectl -n sidecar-system create secret tls sidecar-injector --cert tls.crt --key tls.key"] = "needs a cluster; ClusterInjector runs it",
        ["kubectl patch mutatingwebhookconfiguration sidecar-injector --type json -p '[{\"op\": \"add\", \"path\": \"/webhooks/0/clientConfig/caBundle\", \"value\": \"'$(base64 -w 0 tls.crt)'\"}]'"] = "needs a cluster; ClusterInjector runs it",
        ["kubectl -n sidecar-system rollout status deployment/sidecar-injector"] = "needs a cluster; ClusterInjector runs it",
        ["kubectl label namespace default sidecar.proxy/injection=enabled"] = "needs a cluster; ClusterInjector runs it",
        ["kubectl get deployment web -o json | Sidecar inject -f - --role inbound | kubectl apply -f -"] = "needs a cluster; InjectTests gives it a Deployment",
        ["kubectl apply -k k8s/observe"] = "needs a cluster; ObservePodTests runs its container",
        ["kubectl -n sidecar-observe rollout status daemonset/sidecar-observe"] = "the same",
        ["kubectl -n sidecar-observe logs daemonset/sidecar-observe --tail 5"] = "the same",
        ["kubectl delete -k k8s/observe"] = "the same",
        ["helm install demo k8s/chart --namespace sidecar-demo --create-namespace"] = "needs a cluster; ChartTests renders it",
        ["helm upgrade demo k8s/chart --namespace sidecar-demo -f k8s/chart/production.yaml"] = "needs a cluster; ChartTests renders it",
    };

    public static bool Has(DocumentedCommand command) => Steps.Contains(command.Text) || Reasons.ContainsKey(command.Text);

    /// <summary>Whether a line of a script has all words of a command, in this order. Files that it puts into its scratch folder may be anywhere.</summary>
    public static bool Runs(string line, string command)
    {
        var words = new Queue<string>(command.Split(' '));
        foreach (var word in line.Replace("\"$scratch\"/", "", StringComparison.Ordinal).Split(' '))
        {
            if (words.Count > 0 && word == words.Peek())
                words.Dequeue();
        }

        return words.Count == 0;
    }

    /// <summary>The lines of a script, without the comments.</summary>
    public static IEnumerable<string> LinesOf(string script) =>
        File.ReadLines(Path.Combine(Repository.Root, script)).Where(line => !line.TrimStart().StartsWith('#'));
}
