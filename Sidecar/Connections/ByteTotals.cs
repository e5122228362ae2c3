namespace Sidecar.Connections;

/// <summary>Bytes of many connections, by side and by received or sent.</summary>
internal struct ByteTotals
{
    public long DownstreamReceived { get; private set; }

    public long DownstreamSent { get; private set; }

    public long UpstreamReceived { get; private set; }

    public long UpstreamSent { get; private set; }

    public void Add(ConnectionInfo info)
    {
        DownstreamReceived += info.Downstream.Received;
        DownstreamSent += info.Downstream.Sent;
        UpstreamReceived += info.UpstreamBytes.Received;
        UpstreamSent += info.UpstreamBytes.Sent;
    }
}
