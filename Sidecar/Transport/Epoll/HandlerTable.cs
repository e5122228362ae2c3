namespace Sidecar.Transport.Epoll;

/// <summary>
/// The handler of each registration. The kernel keeps a token for each registration: a slot and its generation. So an event
/// that was reported for a closed socket never reaches the socket that took its slot in the same turn.
/// </summary>
internal sealed class HandlerTable
{
    private const int None = -1;

    private Place[] _slots = new Place[64];
    private int _used;

    // Free slots form a list inside the table, so that returning a slot needs no memory.
    private int _free = None;

    public (int Slot, ulong Token) Add(ILoopHandler handler)
    {
        var slot = _free;
        if (slot != None)
        {
            _free = _slots[slot].NextFree;
        }
        else
        {
            // Counted only when there is room, because growing may fail.
            if (_used == _slots.Length)
                Array.Resize(ref _slots, _used * 2);
            slot = _used++;
        }

        ref var place = ref _slots[slot];
        place.Handler = handler;
        return (slot, ((ulong)place.Generation << 32) | (uint)slot);
    }

    public void Remove(int slot)
    {
        ref var place = ref _slots[slot];
        (place.Handler, place.NextFree) = (null, _free);
        place.Generation++;
        _free = slot;
    }

    public ILoopHandler? Find(ulong token)
    {
        ref var slot = ref _slots[(int)(uint)token];
        return slot.Generation == (uint)(token >> 32) ? slot.Handler : null;
    }

    private struct Place
    {
        public ILoopHandler? Handler;
        public uint Generation;
        public int NextFree;
    }
}
