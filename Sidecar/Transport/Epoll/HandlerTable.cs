namespace Sidecar.Transport.Epoll;

/// <summary>
/// Who handles the events of which registration. The kernel keeps a token for each: a slot and its generation, so that an
/// event reported for a closed socket never reaches the one that took its slot in the same turn.
/// </summary>
internal sealed class HandlerTable
{
    private readonly Stack<int> _free = new();
    private (ILoopHandler? Handler, uint Generation)[] _slots = new (ILoopHandler?, uint)[64];
    private int _used;

    public (int Slot, ulong Token) Add(ILoopHandler handler)
    {
        if (!_free.TryPop(out var slot))
        {
            slot = _used++;
            if (slot == _slots.Length)
                Array.Resize(ref _slots, slot * 2);
        }

        _slots[slot].Handler = handler;
        return (slot, ((ulong)_slots[slot].Generation << 32) | (uint)slot);
    }

    public void Remove(int slot)
    {
        _slots[slot] = (null, _slots[slot].Generation + 1);
        _free.Push(slot);
    }

    public ILoopHandler? Find(ulong token)
    {
        ref var slot = ref _slots[(int)(uint)token];
        return slot.Generation == (uint)(token >> 32) ? slot.Handler : null;
    }
}
