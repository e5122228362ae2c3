namespace Sidecar.Observation.Grpc;

/// <summary>The target of a gRPC call: <c>/pkg.Service/Method</c>.</summary>
internal static class GrpcPath
{
    /// <summary>Splits it; false if it is not a valid target.</summary>
    public static bool TrySplit(ReadOnlySpan<byte> path, out ReadOnlySpan<byte> service, out ReadOnlySpan<byte> method)
    {
        service = method = default;
        // Some services have more than one part before the method.
        var slash = path.LastIndexOf((byte)'/');
        if (slash < 2 || path[0] != '/' || slash == path.Length - 1)
            return false;
        service = path[1..slash];
        method = path[(slash + 1)..];
        return true;
    }
}
