namespace Sidecar.Observation.Http2.Hpack;

/// <summary>
/// The largest table that the receiver of header blocks allows (SETTINGS_HEADER_TABLE_SIZE). A change applies from its
/// acknowledgement on; before that either value can be in use, so the larger one counts.
/// </summary>
internal sealed class TableSizeLimit
{
    private uint _last = DynamicTable.FirstMaxSize;
    private int _pending;

    /// <summary>The size that the sender can use.</summary>
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
