using System.Net;
using ByteFilters;
using Oracle.Protocol;
using Sidecar.Net;

namespace Sidecar.Records.Exchanges;

/// <summary>What all exchanges of one connection have in common.</summary>
/// <param name="Id">The connection's name.</param>
/// <param name="Role">Of this sidecar.</param>
/// <param name="Transform">Of the connection's bytes; null for none.</param>
/// <param name="Client">The client, as this side knows it.</param>
/// <param name="Server">The original destination; the upstream where that is a name.</param>
/// <param name="Process">Behind the local end.</param>
internal readonly record struct ExchangeOrigin(
    ConnectionId Id, SidecarRole Role, TransformExpression? Transform, ClientAddress Client, IPEndPoint Server, LocalProcess Process);
