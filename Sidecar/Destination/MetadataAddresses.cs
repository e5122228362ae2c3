using System.Net;

namespace Sidecar.Destination;

/// <summary>Addresses where clouds serve the credentials of a machine or pod to every program that can connect.</summary>
internal static class MetadataAddresses
{
    // Instance metadata of AWS, Google, Azure and others; then the credentials of AWS's ECS tasks and EKS pods.
    private static readonly HashSet<IPAddress> All =
    [
        IPAddress.Parse("169.254.169.254"), IPAddress.Parse("fd00:ec2::254"),
        IPAddress.Parse("169.254.170.2"), IPAddress.Parse("169.254.170.23"), IPAddress.Parse("fd00:ec2::23"),
    ];

    /// <summary>Whether an address is one of them.</summary>
    public static bool Contain(IPAddress address) => All.Contains(address);
}
