using Microsoft.Extensions.Logging.Abstractions;
using Oracle.Policies;
using Sidecar.Tests.Support;
using Xunit;

namespace Sidecar.Tests.Oracle;

public sealed class PolicyReloaderTests : IDisposable
{
    private readonly ManualTimeProvider _time = new();
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Look_ChangedFile_IsTakenWhenSeenTwice()
    {
        var (reloader, store, path) = Start("default: xor 1");
        using var disposal = reloader;
        reloader.Look();
        reloader.Look();
        Assert.Equal(1, store.Current.Generation);
        _time.Advance(TimeSpan.FromSeconds(7));
        File.WriteAllText(path, "default: xor 2");
        reloader.Look();
        Assert.Equal(1, store.Current.Generation);
        reloader.Look();
        Assert.Equal((2, "(xor 2)", _time.GetUtcNow()), (store.Current.Generation, Default(store), store.Current.Since));
        reloader.Look();
        Assert.Equal(2, store.Current.Generation);
    }

    [Fact]
    public void Look_FileBeingWritten_IsNotTakenByItsFirstHalf()
    {
        var (reloader, store, path) = Start("default: deny");
        using var disposal = reloader;
        // The first half alone is a policy too, and grants to everyone.
        File.WriteAllText(path, "rules:\n  - transform: not\n");
        reloader.Look();
        File.WriteAllText(path, "rules:\n  - transform: not\n    peer: 10.0.0.0/8\n");
        reloader.Look();
        Assert.Equal(1, store.Current.Generation);
        reloader.Look();
        Assert.NotNull(store.Current.Policy.Rules[0].Peers);
    }

    [Fact]
    public void Look_BrokenFile_IsReportedOnceAndTheOldPolicyStays()
    {
        var (reloader, store, path) = Start("default: xor 1");
        using var disposal = reloader;
        File.WriteAllText(path, "default: rot13");
        for (var i = 0; i < 5; i++)
            reloader.Look();
        Assert.Equal((1, "(xor 1)", 1L), (store.Current.Generation, Default(store), store.Failures));
        File.Delete(path);
        for (var i = 0; i < 5; i++)
            reloader.Look();
        Assert.Equal((1, "(xor 1)", 2L), (store.Current.Generation, Default(store), store.Failures));
        File.WriteAllText(path, "default: xor 1");
        reloader.Look();
        reloader.Look();
        Assert.Equal((2, "(xor 1)", 2L), (store.Current.Generation, Default(store), store.Failures));
    }

    [Fact]
    public void Look_ConfigMapSymlinkSwap_IsSeenThoughTimeAndLengthStay()
    {
        Directory.CreateDirectory(_folder.File("v1"));
        Directory.CreateDirectory(_folder.File("v2"));
        var stamp = new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);
        foreach (var (version, key) in new[] { ("v1", 1), ("v2", 2) })
            File.SetLastWriteTimeUtc(_folder.Write($"{version}/policy.yml", $"default: xor {key}"), stamp);
        // As the kubelet lays it out: policy.yml -> ..data/policy.yml, ..data -> v1.
        Directory.CreateSymbolicLink(_folder.File("..data"), "v1");
        File.CreateSymbolicLink(_folder.File("policy.yml"), "..data/policy.yml");
        var (reloader, store, _) = Start(null);
        using var disposal = reloader;
        Assert.Equal("(xor 1)", Default(store));
        Directory.Delete(_folder.File("..data"));
        Directory.CreateSymbolicLink(_folder.File("..data"), "v2");
        reloader.Look();
        reloader.Look();
        Assert.Equal("(xor 2)", Default(store));
    }

    [Fact]
    public async Task Look_ParserWithABug_CountsAsFailedAndTheNextChangeIsTaken()
    {
        var path = _folder.Write("policy.yml", "default: xor 1");
        var source = new PolicySource(path, "--policy");
        var store = new PolicyStore(source.First, _time);
        using var reloader = new PolicyReloader(source, store, _time, NullLogger<PolicyReloader>.Instance)
        {
            Parse = (text, file) => text.Contains("bug", StringComparison.Ordinal) ? throw new InvalidOperationException("a bug") : PolicyFile.Parse(text, file),
        };
        await reloader.StartAsync(TestContext.Current.CancellationToken);
        await Eventually.TrueAsync(() => _time.ActiveTimers == 1);
        foreach (var (text, expected) in new[] { ("default: bug", (1, 1L)), ("default: xor 2", (2, 1L)) })
        {
            File.WriteAllText(path, text);
            await Eventually.TrueAsync(() =>
            {
                _time.Advance(PolicyReloader.Interval);
                return (store.Current.Generation, store.Failures) == expected;
            });
        }

        Assert.Equal("(xor 2)", Default(store));
        await reloader.StopAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public void Look_Told_TakesTheFileAtOnceAndReportsAgain()
    {
        var (reloader, store, path) = Start("default: xor 1");
        using var disposal = reloader;
        File.WriteAllText(path, "default: xor 2");
        reloader.Look(told: true);
        Assert.Equal(2, store.Current.Generation);
        File.WriteAllText(path, "broken");
        reloader.Look(told: true);
        reloader.Look(told: true);
        Assert.Equal((2, 2L), (store.Current.Generation, store.Failures));
    }

    [Fact]
    public async Task Running_LooksEachInterval()
    {
        var (reloader, store, path) = Start("default: xor 1");
        using var disposal = reloader;
        await reloader.StartAsync(TestContext.Current.CancellationToken);
        await Eventually.TrueAsync(() => _time.ActiveTimers == 1);
        File.WriteAllText(path, "default: xor 2");
        await Eventually.TrueAsync(() =>
        {
            _time.Advance(PolicyReloader.Interval);
            return store.Current.Generation == 2;
        });
        await reloader.StopAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, _time.ActiveTimers);
    }

    private static string? Default(PolicyStore store) => store.Current.Policy.Default?.ToString();

    private (PolicyReloader Reloader, PolicyStore Store, string Path) Start(string? policy)
    {
        var path = policy is null ? _folder.File("policy.yml") : _folder.Write("policy.yml", policy);
        var source = new PolicySource(path, "--policy");
        var store = new PolicyStore(source.First, _time);
        return (new PolicyReloader(source, store, _time, NullLogger<PolicyReloader>.Instance), store, path);
    }
}
