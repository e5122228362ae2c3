using System.Net;
using ByteFilters;
using Oracle.Protocol;
using Sidecar.Kubernetes;
using Sidecar.Net;
using Sidecar.Owners;

namespace Sidecar.Records.Exchanges;

/// <summary>The common part of all exchanges of one connection.</summary>
/// <param name="Id">The connection's id.</param>
/// <param name="Role">The role of this sidecar.</param>
/// <param name="Transform">The transform of the connection's bytes; null for none.</param>
/// <param name="Client">The client, as this side knows it.</param>
/// <param name="Server">The original destination; the upstream if the destination is a name.</param>
/// <param name="Process">The process behind the local end.</param>
/// <param name="Names">Kubernetes' names of the ends; null if records have none.</param>
/// <param name="ClientProcess">The client's process, if records name the processes of both ends; then <paramref name="Process"/> is the server's.</param>
internal readonly record struct ExchangeOrigin(
    ConnectionId Id, SidecarRole Role, TransformExpression? Transform, ClientAddress Client, IPEndPoint Server, LocalProcess Process,
    ConnectionNames? Names = null, LocalProcess? ClientProcess = null);
