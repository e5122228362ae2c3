using System.Net;
using Sidecar.Connections;
using Sidecar.Options;
using Sidecar.Upstream;
using Testing;
using Xunit;

namespace Sidecar.Tests.Upstream;

/// <summary>Random connects to the addresses of several names: the table decides as a model does that is as simple as possible.</summary>
public sealed class UpstreamModelTests
{
    private const int Steps = 200;
    private static readonly TimeSpan Unit = TimeSpan.FromMilliseconds(100);
    private static readonly IPEndPoint[] Addresses = [.. Enumerable.Range(1, 5).Select(i => IPEndPoint.Parse($"192.0.2.{i}:80"))];

    // By the numbers of their addresses.
    private static readonly int[][] Names = [[0], [0, 1], [1, 2, 3], [0, 1, 2, 3], [4, 3, 2, 1, 0]];

    [Fact]
    public void Decisions_AreThoseOfTheModel()
    {
        for (var round = 0; round < Rounds.Of(1000); round++)
            Play(new Random(round), round);
    }

    private static void Play(Random random, int round)
    {
        var limits = new UpstreamLimits
        {
            Connections = random.Next(2) == 0 ? random.Next(1, 6) : null,
            Pending = random.Next(2) == 0 ? random.Next(1, 4) : null,
            // Each takes whole units of time.
            ConnectRate = random.Next(4) switch { 0 => 1, 1 => 5, 2 => 10, _ => null },
            Outlier = random.Next(4) == 0 ? null : new OutlierDetection
            {
                Failures = random.Next(1, 4),
                EjectionTime = Unit * random.Next(1, 5),
                MaxEjectionTime = Unit * random.Next(5, 20),
            },
        };
        var time = new ManualTimeProvider();
        var table = new UpstreamTable(time);
        var model = new Model(limits);
        var uses = new List<(UpstreamUse Use, Connect Connect, IPEndPoint[] All)>();
        for (var step = 0; step < Steps; step++)
        {
            var place = $"round {round}, step {step}";
            switch (random.Next(8))
            {
                case 0:
                    var by = random.Next(1, 8);
                    time.Advance(Unit * by);
                    model.Now += by;
                    break;
                case < 5:
                    var name = Names[random.Next(Names.Length)];
                    var address = name[random.Next(name.Length)];
                    IPEndPoint[] all = [.. name.Select(i => Addresses[i])];
                    var use = table.TryBegin(Addresses[address], all, limits, out var refusal);
                    Assert.True(model.Refusal(address, name) == refusal.Failure, $"{place}: {refusal.Failure} {refusal.Detail}");
                    if (use is not null)
                        uses.Add((use, model.Begin(address, name), all));
                    break;
                default:
                    if (uses.Count > 0)
                        End(random, model, uses, limits);
                    break;
            }

            Compare(table, model, place);
            EachNameIsUsable(table, place);
        }
    }

    private static void End(Random random, Model model, List<(UpstreamUse Use, Connect Connect, IPEndPoint[] All)> uses, UpstreamLimits limits)
    {
        var at = random.Next(uses.Count);
        var (use, connect, all) = uses[at];
        if (connect.IsPending && random.Next(4) == 0)
        {
            use.Connected();
            model.Connected(connect);
            return;
        }

        uses.RemoveAt(at);
        if (connect.IsPending && random.Next(3) > 0)
        {
            use.Failed(limits.Outlier, all);
            model.Failed(connect);
        }

        use.Dispose();
        model.Live.Remove(connect);
    }

    private static void Compare(UpstreamTable table, Model model, string place)
    {
        foreach (var shown in table.Snapshots())
        {
            var address = Array.IndexOf(Addresses, shown.Address);
            var live = model.Live.Where(c => c.Address == address).ToList();
            var host = model.Hosts[address];
            Assert.True((live.Count, live.Count(c => c.IsPending), host.Failures, host.Ejections) == (shown.Connections, shown.Pending, shown.Failures, shown.Ejections), $"{place}: {shown}");
            TimeSpan? left = host.Until > model.Now ? Unit * (host.Until.Value - model.Now) : null;
            Assert.True(left == shown.EjectedFor, $"{place}: {shown}");
        }

        Assert.True(model.Hosts.Count(h => h.Until is not null) == table.Totals().Ejected, place);
    }

    // Whatever has happened: at most half of a name's addresses are left out. To ask changes nothing.
    private static void EachNameIsUsable(UpstreamTable table, string place)
    {
        var asking = new UpstreamLimits { Outlier = new OutlierDetection() };
        foreach (var name in Names.Where(n => n.Length > 1))
        {
            IPEndPoint[] all = [.. name.Select(i => Addresses[i])];
            var refused = 0;
            foreach (var address in all)
            {
                using var use = table.TryBegin(address, all, asking, out _);
                refused += use is null ? 1 : 0;
            }

            Assert.True(refused <= all.Length / 2, $"{place}: {refused} of {all.Length}");
        }
    }

    /// <summary>One connect in the model, and the connection that it made.</summary>
    private sealed class Connect(int address, int[] name, bool isTrial)
    {
        public int Address => address;

        public int[] Name => name;

        public bool IsTrial { get; set; } = isTrial;

        public bool IsPending { get; set; } = true;
    }

    /// <summary>An address in the model; times are numbers of units.</summary>
    private sealed class Host
    {
        public long Failures { get; set; }

        public int Ejections { get; set; }

        public int? Until { get; set; }

        public int Readmitted { get; set; }

        /// <summary>Units of time until the rate is used up; ten are a second.</summary>
        public int Credit { get; set; } = 10;

        public int CreditAt { get; set; }
    }

    private sealed class Model(UpstreamLimits limits)
    {
        public int Now { get; set; }

        public Host[] Hosts { get; } = [.. Addresses.Select(_ => new Host())];

        public List<Connect> Live { get; } = [];

        public RelayEndReason? Refusal(int address, int[] name)
        {
            if (limits.Outlier is not null && LeftOut(name).Contains(address))
                return RelayEndReason.CircuitOpen;
            var live = Live.Where(c => c.Address == address).ToList();
            return live.Count >= limits.Connections || live.Count(c => c.IsPending) >= limits.Pending || !TakesRate(Hosts[address])
                ? RelayEndReason.UpstreamLimit
                : null;
        }

        public Connect Begin(int address, int[] name)
        {
            var isTrial = limits.Outlier is not null && Hosts[address].Until is not null && !IsOut(address);
            var connect = new Connect(address, name, isTrial);
            Live.Add(connect);
            return connect;
        }

        public void Connected(Connect connect)
        {
            var host = Hosts[connect.Address];
            connect.IsPending = false;
            connect.IsTrial = false;
            host.Failures = 0;
            if (host.Until is null)
                return;
            (host.Until, host.Readmitted) = (null, Now);
            foreach (var other in Live.Where(c => c.Address == connect.Address))
                other.IsTrial = false;
        }

        public void Failed(Connect connect)
        {
            var host = Hosts[connect.Address];
            host.Failures++;
            if (limits.Outlier is not { } outlier || host.Until > Now || !(connect.IsTrial || host.Failures >= outlier.Failures))
                return;
            if (connect.Name.Count(other => other != connect.Address && IsOut(other)) >= Most(connect.Name))
                return;
            var each = Units(outlier.EjectionTime);
            if (host.Until is null)
                host.Ejections = Math.Max(0, host.Ejections - ((Now - host.Readmitted) / each));
            host.Ejections++;
            host.Until = Now + Math.Min(each * host.Ejections, Units(outlier.MaxEjectionTime));
        }

        private IEnumerable<int> LeftOut(int[] name) => name.Where(IsOut).OrderByDescending(a => Hosts[a].Until).Take(Most(name));

        private bool IsOut(int address) => Hosts[address].Until > Now || (Hosts[address].Until is not null && Live.Exists(c => c.Address == address && c.IsTrial));

        // A bucket of a second's worth that fills as time passes.
        private bool TakesRate(Host host)
        {
            if (limits.ConnectRate is not { } rate)
                return true;
            (host.Credit, host.CreditAt) = (Math.Min(10, host.Credit + Now - host.CreditAt), Now);
            if (host.Credit < 10 / rate)
                return false;
            host.Credit -= 10 / rate;
            return true;
        }

        private static int Most(int[] name) => Math.Max(1, name.Length / 2);

        private static int Units(TimeSpan time) => (int)(time / Unit);
    }
}
