using System.Globalization;
using System.Text;
using Sidecar.Benchmarks.Candidates;
using Sidecar.Benchmarks.Load;
using Sidecar.Benchmarks.Measures;

namespace Sidecar.Benchmarks.Report;

/// <summary>The report that is read: on stdout and in RESULTS.md.</summary>
internal static class MarkdownReport
{
    private const string None = "–";

    public static string Write(Comparison comparison)
    {
        var text = new StringBuilder();
        Head(text, comparison);
        Section(text, "Goals", Goals(comparison.Samples), """
            Each ratio is taken within a round, between loads that directly followed each other; shown are the median of the
            rounds and, behind it, the least and the most. Costs count at most, rates at least.
            """);
        Section(text, "Figures", Figures(comparison), "Medians of the rounds. 1 MB is 1,000,000 bytes, 1 GB a thousand times that.");
        Section(text, "Which process of a pair uses the CPU", Parts(comparison.PartCosts), "Medians of the rounds.");
        if (comparison.Failures.Count > 0)
            text.AppendLine("\n## Failed\n").AppendJoin("\n", comparison.Failures.Select(failure => $"- {failure}")).AppendLine();
        return text.ToString();
    }

    private static void Head(StringBuilder text, Comparison comparison)
    {
        var (machine, options) = (comparison.Machine, comparison.Options);
        var unfinished = comparison.Unfinished is { } why ? $"\n- **unfinished**: {why}" : "";
        var words = $"{SidecarPrograms.Switches} {options.SidecarArgs}".TrimEnd();
        text.AppendLine($"""
            # The sidecar beside HAProxy and nginx

            - {comparison.Time:yyyy-MM-dd HH:mm} UTC, {comparison.Took:m\:ss} minutes, {comparison.Rounds} round(s), {options.Seconds} s for each load, after {Schedule.WarmUpSeconds} s of warm-up{unfinished}
            - {machine.Processor}, {machine.Cores} cores, {machine.Memory / 1e9:0} GB, {machine.Kernel}, all on loopback
            - sidecar: `dotnet {Dll(options)} {words}`, {string.Join(", ", [machine.Runtime, .. machine.RuntimeSettings])}
            - {string.Join(", ", comparison.Versions.Select(v => $"{v.Key} {v.Value}"))}
            - HAProxy: TCP mode, 2 threads. Its TLS pair: TLS from one to the other, {SelfSigned.Description}, session tickets
              and resumption as they are by default. nginx: stream, 2 workers
            - the sidecars' pair: p1 and p2 with xor, decided by an Oracle (dialect v1x) on the same machine, which counts as part of the pair
            - the pods: p1 for SOCKS clients and p2, with xor and without an Oracle; of ten or a hundred routes the last one matches. Connections:
              {Loads.HttpConnections} SOCKS clients, a request each
            - requests: wrk, 1 thread, {Loads.HttpConnections} connections, {NginxPrograms.BodyLength} byte bodies from one nginx; connections: the same with `Connection: close`
            - bulk: iperf3, {Loads.BulkConnections} connections; raw: as many connections of a source and a sink that any bytes may reach, because HTTP and
              iperf3 do not survive a transform that nobody takes back
            - CPU: user and system time of all of a candidate's processes. Resident: the sum of their VmRSS. Per idle
              connection: what it grew since before they were opened, after a warm-up of 64 connections
            """);
    }

    private static void Section(StringBuilder text, string title, TextTable table, string explained)
    {
        if (!table.IsEmpty)
            text.AppendLine().AppendLine($"## {title}").AppendLine().AppendLine(explained).AppendLine().Append(table);
    }

    private static TextTable Goals(Samples samples)
    {
        var table = new TextTable("measured", "figure", "compared with", "required", "aim", "reached", "to nginx");
        foreach (var goal in Goal.All)
        {
            var figure = goal.Peer is { } peer ? samples.Ratio(goal.Subject, peer, goal.Quantity) : samples.Of(goal.Subject, goal.Quantity);
            if (figure is not { } found)
                continue;
            var nginx = goal.Peer == CandidateList.Haproxy ? samples.Ratio(goal.Subject, CandidateList.Nginx, goal.Quantity) : null;
            table.Add(
                $"{goal.Quantity.Title}, {Title(goal.Subject)}",
                goal.Peer is null ? $"{Number(found.Median, 1)} {goal.Quantity.Unit}" : Ratio(found),
                goal.Peer is null ? None : Title(goal.Peer),
                Limit(goal, goal.Required), goal.Aim is { } aim ? Limit(goal, aim) : None,
                goal.Judge(found.Median) switch { Verdict.Aim => "aim", Verdict.Required => "required", _ => "no" },
                nginx is { } other ? Ratio(other) : None);
        }

        return table;
    }

    private static TextTable Figures(Comparison comparison)
    {
        var samples = comparison.Samples;
        var candidates = CandidateList.All.Where(c => samples.All.Any(s => s.Candidate == c.Name)).ToList();
        var table = new TextTable(["measured", "unit", .. candidates.Select(c => c.Title)]);
        foreach (var quantity in Quantity.All)
        {
            var found = candidates.Select(c => samples.Of(c.Name, quantity)).ToList();
            if (found.Any(f => f is not null))
                table.Add([quantity.Title, quantity.Unit, .. found.Select(f => f is { } figure ? Number(figure.Median, quantity.Decimals) : None)]);
        }

        return table;
    }

    private static TextTable Parts(PartCosts costs)
    {
        Quantity[] shown = [Quantity.CpuPerRequest, Quantity.CpuPerConnection, Quantity.CpuPerGbUp, Quantity.CpuPerGbDown];
        var table = new TextTable(["process", .. shown.Select(quantity => $"{quantity.Title}, {quantity.Unit}")]);
        foreach (var (candidate, part) in costs.Parts)
        {
            table.Add([$"{Title(candidate)}: {part}", .. shown.Select(quantity =>
                costs.Of(candidate, part, quantity) is { } cost ? Number(cost.Median, quantity.Decimals) : None)]);
        }

        return table;
    }

    private static string Dll(CompareOptions options) => options.SidecarDll?.ToString() ?? "Sidecar/bin/Release/net10.0/Sidecar.dll";

    private static string Title(string candidate) => CandidateList.All.Single(c => c.Name == candidate).Title;

    private static string Limit(Goal goal, double limit) => (goal.Quantity.MoreIsBetter ? "≥ " : "≤ ") + limit.ToString("0.##", CultureInfo.InvariantCulture);

    private static string Ratio(Spread ratio) => $"{Number(ratio.Median, 2)} ({Number(ratio.Least, 2)} – {Number(ratio.Most, 2)})";

    private static string Number(double value, int decimals) => value.ToString($"N{decimals}", CultureInfo.InvariantCulture);
}
