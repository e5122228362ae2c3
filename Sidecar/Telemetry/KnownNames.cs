using System.Collections.Concurrent;

namespace Sidecar.Telemetry;

/// <summary>
/// A limited set of names, each a string that exists once. A name that is used keeps its place. A name that was not used for a while
/// is removed when a new one needs a place.
/// </summary>
/// <param name="limit">Number of places.</param>
/// <param name="unused">How long a name keeps its place without being used.</param>
/// <param name="time">The clock.</param>
internal sealed class KnownNames(int limit, TimeSpan unused, TimeProvider time)
{
    // Between two searches for unused names while the set is full.
    private static readonly TimeSpan LookEvery = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<string, Name> _names = new(StringComparer.Ordinal);
    private readonly Lock _adding = new();
    private long? _looked;

    /// <summary>The one string of a name; null if it has no place and cannot get one.</summary>
    public string? Find(ReadOnlySpan<char> text, bool mayAdd)
    {
        var now = time.GetTimestamp();
        if (_names.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(text, out var known))
        {
            known.LastUsed = now;
            return known.Text;
        }

        return mayAdd ? Add(text.ToString(), now) : null;
    }

    private string? Add(string text, long now)
    {
        lock (_adding)
        {
            if (_names.Count >= limit)
                DropUnused(now);
            return _names.Count < limit ? _names.GetOrAdd(text, new Name(text, now)).Text : null;
        }
    }

    private void DropUnused(long now)
    {
        if (_looked is { } looked && time.GetElapsedTime(looked, now) < LookEvery)
            return;
        _looked = now;
        foreach (var name in _names.Values)
        {
            if (time.GetElapsedTime(name.LastUsed, now) >= unused)
                _names.TryRemove(name.Text, out _);
        }
    }

    private sealed class Name(string text, long used)
    {
        private long _lastUsed = used;

        public string Text => text;

        public long LastUsed
        {
            get => Volatile.Read(ref _lastUsed);
            set => Volatile.Write(ref _lastUsed, value);
        }
    }
}
