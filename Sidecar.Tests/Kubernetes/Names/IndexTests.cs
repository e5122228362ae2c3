using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sidecar.Kubernetes;
using Xunit;
using static Sidecar.Tests.Support.Peers.KubernetesApi;

namespace Sidecar.Tests.Kubernetes.Names;

/// <summary>What is known of objects, whatever the order of their changes.</summary>
public sealed class IndexTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    private static readonly LabelChoice Labels = new(null);

    [Theory]
    [InlineData("Succeeded")]
    [InlineData("Failed")]
    public void Pod_ThatHasEnded_HasNoAddress(string phase)
    {
        var pods = new PodIndex(100, Labels);
        pods.Set(Read(Pod("job", "10.0.0.1", created: Now)));
        Assert.NotNull(Find(pods, "10.0.0.1"));

        pods.Set(Read(Pod("job", "10.0.0.1", created: Now, phase: phase)));

        Assert.Equal((null, 0), (Find(pods, "10.0.0.1"), pods.Count));
    }

    [Fact]
    public void Pod_OnTheNodesNetwork_IsNotNamedByTheNodesAddress()
    {
        var pods = new PodIndex(100, Labels);
        Assert.True(pods.Set(Read(Pod("agent", "192.0.2.1", created: Now, hostNetwork: true))));

        Assert.Equal((null, 0), (Find(pods, "192.0.2.1"), pods.Count));
    }

    [Fact]
    public void Pod_WithoutAnAddressYet_GetsItLater()
    {
        var pods = new PodIndex(100, Labels);
        pods.Set(Read(Pod("web", null, created: Now)));
        pods.Set(Read(Pod("web", "10.0.0.1", created: Now)));

        Assert.Equal("web", Find(pods, "10.0.0.1"));
    }

    [Fact]
    public void Pod_WithAnotherAddress_HasOnlyThatOne()
    {
        var pods = new PodIndex(100, Labels);
        pods.Set(Read(Pod("web", "10.0.0.1", created: Now)));
        pods.Set(Read(Pod("web", "10.0.0.2", created: Now)));

        Assert.Equal((null, "web"), (Find(pods, "10.0.0.1"), Find(pods, "10.0.0.2")));
    }

    [Fact]
    public void Pod_OfBothFamilies_IsFoundByEach()
    {
        var pods = new PodIndex(100, Labels);
        var pod = Pod("web", "10.0.0.1", created: Now);
        pod["status"]!["podIPs"]!.AsArray().Add(new JsonObject { ["ip"] = "fd00:0:0::1" });
        pods.Set(Read(pod));

        Assert.Equal(("web", "web"), (Find(pods, "10.0.0.1"), Find(pods, "fd00::1")));
        pods.Remove(Read(pod));
        Assert.Equal((null, null), (Find(pods, "10.0.0.1"), Find(pods, "fd00::1")));
    }

    [Fact]
    public void Pod_ThatWasCreatedLater_HasNoEndOfTheConnection()
    {
        var pods = new PodIndex(100, Labels);
        pods.Set(Read(Pod("web", "10.0.0.1", created: Now)));

        Assert.Null(pods.Find(IPAddress.Parse("10.0.0.1"), Now.AddSeconds(-1)));
        Assert.NotNull(pods.Find(IPAddress.Parse("10.0.0.1"), Now));
    }

    // The same set of pods that share one address, with their changes in every order: the last created has it, and after its end nobody.
    [Fact]
    public void Address_BelongsToThePodThatWasCreatedLast_InEveryOrder()
    {
        var seeds = Enumerable.Range(0, 500);
        Assert.All(seeds, seed =>
        {
            var random = new Random(seed);
            var pods = new PodIndex(100, Labels);
            var all = Enumerable.Range(0, 4).Select(i => Read(Pod($"pod-{i}", "10.0.0.1", created: Now.AddSeconds(random.Next(3))))).ToList();
            var changes = Enumerable.Range(0, 3).SelectMany(_ => all).ToArray();
            random.Shuffle(changes);
            foreach (var change in changes)
                pods.Set(change);
            var last = all.OrderBy(pod => pod.Metadata!.Created).ThenBy(pod => pod.Metadata!.Uid, StringComparer.Ordinal).Last();

            Assert.Equal(last.Metadata!.Name, Find(pods, "10.0.0.1"));
            pods.Remove(last);
            Assert.Null(Find(pods, "10.0.0.1"));
            // Its address is free, and an older one does not get it back.
            foreach (var other in all.Where(pod => pod != last))
                pods.Set(other);
            Assert.Null(Find(pods, "10.0.0.1"));
        });
    }

    // Of the same name, as a StatefulSet makes it.
    [Fact]
    public void Pod_ThatWasMadeAgain_HasItsNewAddress()
    {
        var pods = new PodIndex(100, Labels);
        var (old, again) = (Pod("db-0", "10.0.0.1", "uid-1", created: Now), Pod("db-0", "10.0.0.2", "uid-2", created: Now.AddMinutes(1)));
        pods.Set(Read(old));
        pods.Set(Read(again));
        pods.Remove(Read(old));

        Assert.Equal((null, "db-0"), (Find(pods, "10.0.0.1"), pods.Find(IPAddress.Parse("10.0.0.2"), Now.AddHours(1))?.Name));
    }

    [Fact]
    public void Services_AreFoundByTheirAddressesAndNames()
    {
        var services = new ServiceIndex(2, Labels);
        services.Set(Read(Service("shop", "10.96.0.1")));
        services.Set(Read(Service("headless", "None")));
        Assert.False(services.Set(Read(Service("third", "10.96.0.3"))));
        services.Set(Read(Service("shop", "10.96.0.9")));

        Assert.Equal((null, "shop"), (services.Find(IPAddress.Parse("10.96.0.1"), Now.AddYears(5))?.Name, services.Find(IPAddress.Parse("10.96.0.9"), Now.AddYears(5))?.Name));
        Assert.Equal("team=blue", string.Join(',', services.Find("shop", "headless").Labels.Select(label => $"{label.Name}={label.Value}")));
        Assert.Empty(services.Find("shop", "unknown").Labels);
        services.Remove(Read(Service("shop", "10.96.0.9")));
        Assert.Null(services.Find(IPAddress.Parse("10.96.0.9"), Now.AddYears(5)));
        Assert.Equal(1, services.Count);
    }

    [Fact]
    public void Endpoints_LeadFromPodsToServices()
    {
        var endpoints = new EndpointIndex(3);
        endpoints.Set(Read(Slice("b", 9000, "web-1", "web-2")));
        endpoints.Set(Read(Slice("a", 9001, "web-1")));

        Assert.Equal(("b", "a", "a", null), (endpoints.FindService("shop", "web-1", 9000), endpoints.FindService("shop", "web-1", 9001), endpoints.FindService("shop", "web-1", null), endpoints.FindService("shop", "web-1", 9002)));
        Assert.False(endpoints.Set(Read(Slice("c", 9000, "web-3"))));
        endpoints.Set(Read(Slice("b", 9000, "web-2")));
        Assert.Equal((null, "b", 2), (endpoints.FindService("shop", "web-1", 9000), endpoints.FindService("shop", "web-2", 9000), endpoints.Count));
        endpoints.Remove(Read(Slice("b", 9000)));
        Assert.Equal((null, 1), (endpoints.FindService("shop", "web-2", 9000), endpoints.Count));
    }

    [Fact]
    public void Labels_HaveALimit_AndAChoice()
    {
        var many = Enumerable.Range(0, 100).ToDictionary(i => $"label-{i:00}", _ => "value");

        Assert.InRange(new LabelChoice(null).Of(many).Sum(label => label.Name.Length + label.Value.Length), LabelChoice.MaxLength - 20, LabelChoice.MaxLength);
        Assert.Equal(["label-07", "label-42"], new LabelChoice(["label-42", "label-07", "none"]).Of(many).Select(label => label.Name));
        Assert.Empty(new LabelChoice(null).Of(null));
    }

    [Theory]
    [InlineData("app=\"shop\"\nteam=\"a=b\"\n", "app:shop team:a=b")]
    [InlineData("app.kubernetes.io/name=\"\"", "app.kubernetes.io/name:")]
    [InlineData("", "")]
    [InlineData("no equals sign\n=\"x\"\n", "")]
    public void OwnLabels_AreThoseOfTheDownwardApi(string text, string expected) =>
        Assert.Equal(expected, string.Join(' ', OwnPod.ParseLabels(text).Select(label => $"{label.Key}:{label.Value}")));

    private static string? Find(PodIndex pods, string address) => pods.Find(IPAddress.Parse(address), Now.AddMinutes(1))?.Name;

    private static Resource Read(JsonObject item) => item.Deserialize(ResourceJson.Default.Resource)!;
}
