namespace Sidecar.Observation.Http2.Hpack;

/// <summary>
/// How large the receiver of header blocks lets their table grow (SETTINGS_HEADER_TABLE_SIZE). A change holds from its
/// acknowledgement on; until then either value may be in use, so the larger one counts.
/// </summary>
internal sealed class TableSizeLimit
{
    private uint _last = DynamicTable.FirstMaxSize;
    private int _pending;

    /// <summary>What the sender may use.</summary>
    public uint Allowed { get; private set; } = DynamicTable.FirstMaxSize;

    /// <summary>The receiver has named a size.</summary>
    public void Announce(uint size) => (_last, Allowed) = (size, Math.Max(Allowed, size));

    /// <summary>The receiver's settings were sent.</summary>
    public void Sent() => _pending++;

    /// <summary>The sender has acknowledged the oldest settings.</summary>
    public void Acknowledged()
    {
        if (_pending > 0 && --_pending == 0)
            Allowed = _last;
    }
}
