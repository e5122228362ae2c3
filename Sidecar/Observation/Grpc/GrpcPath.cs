namespace Sidecar.Observation.Grpc;

/// <summary>The target of a gRPC call: <c>/pkg.Service/Method</c>.</summary>
internal static class GrpcPath
{
    /// <summary>Splits it; false when it is none.</summary>
    public static bool TrySplit(ReadOnlySpan<byte> path, out ReadOnlySpan<byte> service, out ReadOnlySpan<byte> method)
    {
        service = method = default;
        // Some put more than one part in front of the method.
        var slash = path.LastIndexOf((byte)'/');
        if (slash < 2 || path[0] != '/' || slash == path.Length - 1)
            return false;
        service = path[1..slash];
        method = path[(slash + 1)..];
        return true;
    }
}
