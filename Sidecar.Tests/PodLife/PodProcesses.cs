using System.Diagnostics;
using System.Net;
using System.Text.Json.Nodes;
using Demo.Transparent;
using Processes;
using Sidecar.Tests.Kubernetes;
using Sidecar.Tests.Support;
using Testing;
using Xunit;

namespace Sidecar.Tests.PodLife;

/// <summary>
/// A pod's containers as processes in its network namespace, started and ended in the order of Kubernetes. Each init container runs to its end,
/// or, with <c>restartPolicy: Always</c> (1.29 and later), until its startup probe succeeds. Then the others start, each when the hook
/// <c>postStart</c> of the one before it has ended. At the end all of the others get their hook <c>preStop</c> at the same moment, and SIGTERM
/// after it; when all of them have ended, the native sidecars do, in reverse order.
/// </summary>
internal sealed class PodProcesses(JsonObject spec, NetworkNamespace space, IPAddress address, Func<string, string> rename) : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly List<(string Name, ProgramProcess Process)> _sidecars = [];
    private readonly List<(JsonObject Container, ProgramProcess Process)> _ordinary = [];
    private readonly List<string> _events = [];
    private readonly Lock _lock = new();

    /// <summary>What happened, in order: <c>NAME starts</c>, <c>NAME is ready</c>, <c>NAME ended with CODE</c>.</summary>
    public IReadOnlyList<string> Events
    {
        get
        {
            lock (_lock)
                return [.. _events];
        }
    }

    /// <summary>Sockets inside.</summary>
    public NamespaceSockets Sockets => new(space.Name);

    /// <summary>Starts all containers; returns when all are ready.</summary>
    public async Task StartAsync()
    {
        foreach (var container in spec.Items("initContainers"))
        {
            var process = Start(container);
            if (container.Text("restartPolicy") == "Always")
            {
                _sidecars.Add((container.Text("name")!, process));
                await ProbeAsync(container, "startupProbe", process);
            }
            else
            {
                await EndedAsync(container, process);
                await process.DisposeAsync();
            }
        }

        foreach (var container in spec.Items("containers"))
        {
            _ordinary.Add((container, Start(container)));
            await HookAsync(container, "postStart");
        }

        foreach (var (container, process) in _ordinary)
            await ProbeAsync(container, "readinessProbe", process);
    }

    /// <summary>Ends the pod as its deletion does; returns when all containers have ended.</summary>
    /// <param name="beforeSignal">Runs when the hook of an ordinary container is over, before its signal.</param>
    public async Task DeleteAsync(Func<Task>? beforeSignal = null)
    {
        await Task.WhenAll(_ordinary.Select(async entry =>
        {
            await HookAsync(entry.Container, "preStop");
            if (beforeSignal is not null)
                await beforeSignal();
            entry.Process.Signal(ProcessSignal.Terminate);
            await EndedAsync(entry.Container, entry.Process);
        }));
        await EndSidecarsAsync();
    }

    /// <summary>Waits until the ordinary containers have ended by themselves, as those of a Job do, and ends the sidecars.</summary>
    public async Task CompleteAsync()
    {
        foreach (var (container, process) in _ordinary)
            await EndedAsync(container, process);
        await EndSidecarsAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _ordinary.Select(entry => entry.Process).Concat(_sidecars.Select(entry => entry.Process)))
            await process.DisposeAsync();
    }

    private async Task EndSidecarsAsync()
    {
        foreach (var (name, process) in Enumerable.Reverse(_sidecars))
        {
            process.Signal(ProcessSignal.Terminate);
            Note($"{name} ended with {await process.ExitCodeAsync(Limit)}");
        }
    }

    private async Task EndedAsync(JsonObject container, ProgramProcess process)
    {
        var code = await process.ExitCodeAsync(Limit);
        Note($"{container.Text("name")} ended with {code}");
        Assert.True(code == 0, string.Join('\n', process.Errors));
    }

    private async Task HookAsync(JsonObject container, string name)
    {
        if (container.Words($"lifecycle.{name}.exec.command").ToList() is not [var program, .. var words])
            return;
        await using var hook = Start(container, Path.GetFileName(program), words);
        Assert.Equal(0, await hook.ExitCodeAsync(Limit));
    }

    private async Task ProbeAsync(JsonObject container, string kind, ProgramProcess process)
    {
        var probe = container.At($"{kind}.httpGet");
        if (probe is null)
            return;
        using var web = Sockets.Fetcher();
        var url = new Uri($"http://{address}:{probe["port"]}{probe.Text("path")}");
        var clock = Stopwatch.StartNew();
        while (!await web.IsOkAsync(url, TestContext.Current.CancellationToken))
        {
            Assert.False(process.HasEnded, $"{container.Text("name")} ended: {string.Join('\n', process.Errors)}");
            Assert.True(clock.Elapsed < Limit, $"{url} does not answer 200: {string.Join('\n', process.Errors)}");
            await Task.Delay(20);
        }

        Note($"{container.Text("name")} is ready");
    }

    private ProgramProcess Start(JsonObject container)
    {
        Note($"{container.Text("name")} starts");
        var image = container.Text("image")!.Split('/')[^1].Split(':')[0];
        var words = container.Words("args");
        return image == "sidecar-iptables"
            ? space.StartCommand([Path.Combine(Repository.Root, "iptables", image), .. words])
            : Start(container, image switch { "sidecar" => "Sidecar", "videoapi" => "VideoApi", _ => throw new NotSupportedException(image) }, words);
    }

    private ProgramProcess Start(JsonObject container, string program, IEnumerable<string> words)
    {
        var user = (int)(container.At("securityContext.runAsUser") ?? spec.At("securityContext.runAsUser"))!;
        // Not those of the downward API, which no process here needs.
        var environment = container.Items("env").Where(entry => entry.ContainsKey("value")).ToDictionary(entry => entry.Text("name")!, entry => rename(entry.Text("value")!));
        return space.Start(user, program, environment, words.Select(rename));
    }

    private void Note(string what)
    {
        lock (_lock)
            _events.Add(what);
    }
}
