using Chassis.Settings;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Oracle.Policies;
using Testing;
using Xunit;

namespace Sidecar.Tests.Oracle;

[SystemTest]
public sealed class PolicyReloaderTests : IDisposable
{
    private readonly ManualTimeProvider _time = new();
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Look_ChangedFile_IsTakenWhenSeenTwice()
    {
        var (reloader, store, path) = Start("default: xor 1");
        using var disposal = reloader;
        await reloader.LookAsync(cancellation: TestContext.Current.CancellationToken);
        await reloader.LookAsync(cancellation: TestContext.Current.CancellationToken);
        Assert.Equal(1, store.Current.Generation);
        _time.Advance(TimeSpan.FromSeconds(7));
        File.WriteAllText(path, "default: xor 2");
        await reloader.LookAsync(cancellation: TestContext.Current.CancellationToken);
        Assert.Equal(1, store.Current.Generation);
        await reloader.LookAsync(cancellation: TestContext.Current.CancellationToken);
        Assert.Equal((2, "(xor 2)", _time.GetUtcNow()), (store.Current.Generation, Default(store), store.Current.Since));
        await reloader.LookAsync(cancellation: TestContext.Current.CancellationToken);
        Assert.Equal(2, store.Current.Generation);
    }

    [Fact]
    public async Task Look_FileBeingWritten_IsNotTakenByItsFirstHalf()
    {
        var (reloader, store, path) = Start("default: deny");
        using var disposal = reloader;
        // The first half alone is a policy too, and grants to everyone.
        File.WriteAllText(path, "rules:\n  - transform: not\n");
        await reloader.LookAsync(cancellation: TestContext.Current.CancellationToken);
        File.WriteAllText(path, "rules:\n  - transform: not\n    peer: 10.0.0.0/8\n");
        await reloader.LookAsync(cancellation: TestContext.Current.CancellationToken);
        Assert.Equal(1, store.Current.Generation);
        await reloader.LookAsync(cancellation: TestContext.Current.CancellationToken);
        Assert.NotNull(store.Current.Policy.Rules[0].Peers);
    }

    [Fact]
    public async Task Look_BrokenFile_IsReportedOnceAndTheOldPolicyStays()
    {
        var (reloader, store, path) = Start("default: xor 1");
        using var disposal = reloader;
        File.WriteAllText(path, "default: rot13");
        for (var i = 0; i < 5; i++)
            await reloader.LookAsync(cancellation: TestContext.Current.CancellationToken);
        Assert.Equal((1, "(xor 1)", 1L), (store.Current.Generation, Default(store), store.Failures));
        File.Delete(path);
        for (var i = 0; i < 5; i++)
            await reloader.LookAsync(cancellation: TestContext.Current.CancellationToken);
        Assert.Equal((1, "(xor 1)", 2L), (store.Current.Generation, Default(store), store.Failures));
        File.WriteAllText(path, "default: xor 1");
        await reloader.LookAsync(cancellation: TestContext.Current.CancellationToken);
        await reloader.LookAsync(cancellation: TestContext.Current.CancellationToken);
        Assert.Equal((2, "(xor 1)", 2L), (store.Current.Generation, Default(store), store.Failures));
    }

    [Fact]
    public async Task Look_ConfigMapSymlinkSwap_IsSeenThoughTimeAndLengthStay()
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
        await reloader.LookAsync(cancellation: TestContext.Current.CancellationToken);
        await reloader.LookAsync(cancellation: TestContext.Current.CancellationToken);
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
            Swap(path, text);
            await Eventually.TrueAsync(() =>
            {
                _time.Advance(FileWatch.Interval);
                return (store.Current.Generation, store.Failures) == expected;
            });
        }

        Assert.Equal("(xor 2)", Default(store));
        await reloader.StopAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Look_Told_TakesTheFileAtOnceAndReportsAgain()
    {
        var (reloader, store, path) = Start("default: xor 1");
        using var disposal = reloader;
        File.WriteAllText(path, "default: xor 2");
        await reloader.LookAsync(told: true, TestContext.Current.CancellationToken);
        Assert.Equal(2, store.Current.Generation);
        File.WriteAllText(path, "broken");
        await reloader.LookAsync(told: true, TestContext.Current.CancellationToken);
        await reloader.LookAsync(told: true, TestContext.Current.CancellationToken);
        Assert.Equal((2, 2L), (store.Current.Generation, store.Failures));
    }

    [Fact]
    public async Task Look_TextThatIsNeverUnderstood_IsGivenUpAndTheNextOneTaken()
    {
        using var never = new ManualResetEventSlim();
        var path = _folder.Write("policy.yml", "default: xor 1");
        var source = new PolicySource(path, "--policy");
        var store = new PolicyStore(source.First, _time);
        using var reloader = new PolicyReloader(source, store, _time, NullLogger<PolicyReloader>.Instance)
        {
            Limit = TimeSpan.FromMilliseconds(50),
            Parse = (text, file) =>
            {
                if (text.Contains("hang", StringComparison.Ordinal))
                    never.Wait();
                return PolicyFile.Parse(text, file);
            },
        };
        File.WriteAllText(path, "default: hang");
        await reloader.LookAsync(told: true, TestContext.Current.CancellationToken);
        Assert.Equal((1, 1L, _time.GetUtcNow()), (store.Current.Generation, store.Failures, store.NotInForceSince));
        File.WriteAllText(path, "default: xor 2");
        // A busy machine may need more than the limit for a good one, too.
        await Eventually.TrueAsync(async () =>
        {
            await reloader.LookAsync(told: true, TestContext.Current.CancellationToken);
            return store.Current.Generation == 2;
        });
        Assert.Equal("(xor 2)", Default(store));
        never.Set();
    }

    [Fact]
    public async Task Look_FileThatIsNeverRead_IsNotInForceAndTheNextOneTaken()
    {
        var (reloader, store, path) = Start("default: xor 1", limit: TimeSpan.FromMilliseconds(200));
        using var disposal = reloader;
        File.Delete(path);
        // Nobody writes to it: to open it takes for ever.
        await Run.WellAsync("mkfifo", path);
        await reloader.LookAsync(told: true, TestContext.Current.CancellationToken);
        Assert.Equal((1, 1L), (store.Current.Generation, store.Failures));
        // The hanging read ends with what a writer brings.
        await Task.Run(() => File.WriteAllText(path, "default: xor 2"), TestContext.Current.CancellationToken);
        await Eventually.TrueAsync(async () =>
        {
            await reloader.LookAsync(told: true, TestContext.Current.CancellationToken);
            return store.Current.Generation == 2;
        });
    }

    [Fact]
    public async Task Look_NotInForce_IsSaidOnceAMinuteUntilItIs()
    {
        using var log = new ErrorLog();
        using var loggers = LoggerFactory.Create(builder => builder.AddProvider(log));
        var (reloader, store, path) = Start("default: xor 1", logger: loggers.CreateLogger<PolicyReloader>());
        using var disposal = reloader;
        File.WriteAllText(path, "default: rot13");
        var since = _time.GetUtcNow();
        for (var i = 0; i < 4; i++)
            await reloader.LookAsync(cancellation: TestContext.Current.CancellationToken);
        Assert.Single(log.Lines);
        Assert.Equal(since, store.NotInForceSince);
        Assert.Equal("the policy file has not been in force since 2026-01-02T03:04:05Z (see the log); generation 1 is in force", store.Describe());
        for (var minute = 2; minute < 4; minute++)
        {
            _time.Advance(TimeSpan.FromMinutes(1));
            for (var i = 0; i < 3; i++)
                await reloader.LookAsync(cancellation: TestContext.Current.CancellationToken);
            Assert.Equal(minute, log.Lines.Count);
        }

        File.WriteAllText(path, "default: xor 1");
        await reloader.LookAsync(told: true, TestContext.Current.CancellationToken);
        _time.Advance(TimeSpan.FromMinutes(1));
        await reloader.LookAsync(cancellation: TestContext.Current.CancellationToken);
        Assert.Equal(3, log.Lines.Count);
        Assert.Null(store.Describe());
    }

    [Fact]
    public async Task Running_LooksEachInterval()
    {
        var (reloader, store, path) = Start("default: xor 1");
        using var disposal = reloader;
        await reloader.StartAsync(TestContext.Current.CancellationToken);
        await Eventually.TrueAsync(() => _time.ActiveTimers == 1);
        Swap(path, "default: xor 2");
        await Eventually.TrueAsync(() =>
        {
            _time.Advance(FileWatch.Interval);
            return store.Current.Generation == 2;
        });
        await reloader.StopAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, _time.ActiveTimers);
    }

    // At once: looks that go on meanwhile must not find half of it.
    private static void Swap(string path, string text)
    {
        File.WriteAllText(path + ".new", text);
        File.Move(path + ".new", path, overwrite: true);
    }

    private static string? Default(PolicyStore store) => store.Current.Policy.Default?.ToString();

    private (PolicyReloader Reloader, PolicyStore Store, string Path) Start(string? policy, TimeSpan? limit = null, ILogger<PolicyReloader>? logger = null)
    {
        var path = policy is null ? _folder.File("policy.yml") : _folder.Write("policy.yml", policy);
        var source = new PolicySource(path, "--policy");
        var store = new PolicyStore(source.First, _time);
        var reloader = new PolicyReloader(source, store, _time, logger ?? NullLogger<PolicyReloader>.Instance) { Limit = limit ?? TimeSpan.FromSeconds(60) };
        return (reloader, store, path);
    }
}
