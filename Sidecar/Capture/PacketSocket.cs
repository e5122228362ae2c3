using Sidecar.Owners;

namespace Sidecar.Capture;

/// <summary>What is known of the socket that a packet comes from, or goes to.</summary>
/// <param name="IsSender">Whether the packet comes from it: it was seen on its way out of this machine or of one of its namespaces.</param>
/// <param name="Group">The id of its control group; 0 if it is not known.</param>
/// <param name="Process">The process that connects it, at its SYN; null if it is not known.</param>
/// <param name="IsTranslated">Whether the packet's addresses are not those that it had on its way, so that its checksum does not fit them.</param>
/// <param name="Network">The network namespace of a packet of loopback, whose addresses are in all of them; 0 if it is not known.</param>
internal readonly record struct PacketSocket(bool IsSender, ulong Group = 0, ProcessName? Process = null, bool IsTranslated = false, ulong Network = 0);
