using Oracle.Protocol;

namespace Sidecar.Authorization.Pools;

/// <summary>The result of a question on a kept connection.</summary>
/// <param name="Status">Complete, or why there is no answer.</param>
/// <param name="Line">The answer, if complete.</param>
/// <param name="HasBegun">Whether at least one byte of an answer came.</param>
/// <param name="SendError">Why the question could not be sent, in words; null if it was sent.</param>
internal readonly record struct OracleReply(ReadStatus Status, string? Line = null, bool HasBegun = false, string? SendError = null)
{
    /// <summary>The connection ended, and it is possible that the Oracle has not seen the question.</summary>
    public bool IsUnheard => Status is ReadStatus.Closed or ReadStatus.Reset && !HasBegun;
}
