using System.Net;
using Chassis.Net;
using Chassis.Settings;
using Sidecar.Net;

namespace Sidecar.Options;

/// <summary>One entry of p2's lists of allowed and denied destinations.</summary>
public abstract record DestinationRule
{
    /// <summary>
    /// The pod's own addresses and the original destination. Not loopback, because a service that listens only on loopback is meant for
    /// its own pod (Istio since 1.10 and linkerd do the same).
    /// </summary>
    public static readonly IReadOnlyList<DestinationRule> Defaults = [new Pod(), new Original()];

    /// <summary>Whether a destination matches this entry.</summary>
    /// <param name="destination">A resolved destination, v4-mapped addresses as IPv4.</param>
    /// <param name="original">The connection's original destination, if it has one.</param>
    internal abstract bool Matches(IPEndPoint destination, IPEndPoint? original);

    /// <summary>Whether the entry names exactly this address.</summary>
    internal virtual bool Names(IPAddress address) => false;

    /// <summary>The only port that it allows; null if it allows any.</summary>
    internal virtual int? OnlyPort => null;

    /// <summary>Reads <c>loopback</c>, <c>pod</c>, <c>original</c>, or an address or CIDR with or without a port.</summary>
    /// <exception cref="FormatException">Says what was expected.</exception>
    public static DestinationRule Parse(string text) => text switch
    {
        "loopback" => new Loopback(),
        "pod" => new Pod(),
        "original" => new Original(),
        _ => Network.ParseNetwork(text),
    };

    private static bool IsLoopback(IPAddress address) =>
        IPAddress.IsLoopback(address) || address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);

    /// <summary>127.0.0.0/8, ::1, and the unspecified addresses, which connect to loopback.</summary>
    private sealed record Loopback : DestinationRule
    {
        public override string ToString() => "loopback";

        internal override bool Matches(IPEndPoint destination, IPEndPoint? original) => IsLoopback(destination.Address);
    }

    /// <summary>Every address of this network namespace but loopback.</summary>
    private sealed record Pod : DestinationRule
    {
        public override string ToString() => "pod";

        internal override bool Matches(IPEndPoint destination, IPEndPoint? original) =>
            !IsLoopback(destination.Address) && LocalAddress.IsLocal(destination.Address);
    }

    /// <summary>The destination of the connection before it was redirected.</summary>
    private sealed record Original : DestinationRule
    {
        public override string ToString() => "original";

        internal override bool Matches(IPEndPoint destination, IPEndPoint? original) => destination.Equals(original);
    }

    /// <summary>A network, or one port of it: <c>10.0.0.0/8</c>, <c>10.1.2.3:80</c>, <c>[fd00::/8]:443</c>.</summary>
    private sealed record Network(IPNetwork Range, int? Port) : DestinationRule
    {
        internal override int? OnlyPort => Port;

        internal override bool Names(IPAddress address) => Range.Equals(NetworkAddress.Parse(address.ToString()));

        internal override bool Matches(IPEndPoint destination, IPEndPoint? original) =>
            Range.Contains(destination.Address) && (Port is null || Port == destination.Port);

        public static Network ParseNetwork(string text)
        {
            var (range, port) = Split(text);
            return new Network(NetworkAddress.Parse(range), port is null ? null : Values.Port(port));
        }

        private static (string Range, string? Port) Split(string text)
        {
            if (text.StartsWith('['))
            {
                return text.Split(']') switch
                {
                    [var range, ""] => (range[1..], null),
                    [var range, [':', .. var port]] => (range[1..], port),
                    _ => throw new FormatException("an IPv6 network in brackets is expected, such as [fd00::/8]:443"),
                };
            }

            // More than one colon is an IPv6 network without a port.
            return text.Split(':') is [var v4, var v4Port] ? (v4, v4Port) : (text, null);
        }
    }
}
