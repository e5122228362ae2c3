namespace Sidecar.Observation.Http2;

/// <summary>
/// Bounds what is kept of header blocks by what has passed on the wire: one byte may stand for a field of thousands, and a record
/// of each would cost far more than the peer that asks for it.
/// </summary>
internal sealed class KeepingBudget
{
    // Beside bodies and answers even a field of some KB that is but a number stays below it.
    private const int PerByte = 32;

    // Some hundred requests whose fields are all numbers.
    private const int Most = 1024 * 1024;

    private long _left = Most;

    /// <summary>Bytes have passed, of either direction.</summary>
    public void Earn(int bytes) => _left = Math.Min(Most, _left + ((long)PerByte * bytes));

    /// <summary>Whether so much may be kept.</summary>
    public bool TrySpend(int bytes)
    {
        if (bytes > _left)
            return false;
        _left -= bytes;
        return true;
    }
}
