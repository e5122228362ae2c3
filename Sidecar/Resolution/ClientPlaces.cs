using System.Net;

namespace Sidecar.Resolution;

/// <summary>A number of places, of which one client gets only a part, so that others find a free one however many it asks for.</summary>
/// <param name="all">The number of places.</param>
/// <param name="each">The most for one client.</param>
internal sealed class ClientPlaces(int all, int each)
{
    private readonly Share _everyone = new(IPAddress.None, new SemaphoreSlim(all));
    private readonly Lock _lock = new();
    private readonly Dictionary<IPAddress, Share> _shares = [];

    /// <summary>Clients that have a place or wait for one.</summary>
    public int Clients
    {
        get
        {
            lock (_lock)
                return _shares.Count;
        }
    }

    /// <summary>Waits for a place.</summary>
    public async ValueTask<Place> TakeAsync(IPAddress client, CancellationToken cancel)
    {
        var share = Join(client);
        try
        {
            // First among the client's own, so that many requests of one client do not queue before a request of another.
            await share.Free.WaitAsync(cancel);
            try
            {
                await _everyone.Free.WaitAsync(cancel);
            }
            catch
            {
                share.Free.Release();
                throw;
            }
        }
        catch
        {
            Leave(share);
            throw;
        }

        return new Place(this, share);
    }

    private Share Join(IPAddress client)
    {
        lock (_lock)
        {
            if (!_shares.TryGetValue(client, out var share))
                _shares.Add(client, share = new Share(client, new SemaphoreSlim(each)));
            share.Users++;
            return share;
        }
    }

    private void Leave(Share share)
    {
        lock (_lock)
        {
            if (--share.Users == 0)
                _shares.Remove(share.Client);
        }
    }

    private void Release(Share share)
    {
        _everyone.Free.Release();
        share.Free.Release();
        Leave(share);
    }

    /// <summary>A place in use; disposed of once.</summary>
    internal sealed class Place(ClientPlaces places, Share share) : IDisposable
    {
        public void Dispose() => places.Release(share);
    }

    /// <summary>The places of one client.</summary>
    internal sealed class Share(IPAddress client, SemaphoreSlim free)
    {
        public IPAddress Client => client;

        public SemaphoreSlim Free => free;

        /// <summary>Requests that have a place or wait for one; the lock guards it.</summary>
        public int Users { get; set; }
    }
}
