using System.Net;
using System.Runtime.InteropServices;

namespace Sidecar.Capture.Ebpf;

/// <summary>The connections that the kernel's programs know, of which user space makes ignored ones.</summary>
/// <param name="map">The descriptor of their map.</param>
internal sealed unsafe class IgnoredConnections(int map)
{
    /// <summary>Makes the kernel drop a connection's packets, until another one has the same ends.</summary>
    public void Add(IPEndPoint client, IPEndPoint server, ulong network)
    {
        var key = ConnectionKey.Of(client, server, network);
        var known = default(Connection);
        // What is known of it stays: a SYN that comes again begins no new connection.
        _ = LibBpf.LookUp(map, &key, &known);
        known.State = Connection.Ignored;
        _ = LibBpf.Update(map, &key, &known, LibBpf.CreateOrReplace);
    }

    // struct connection of capture.bpf.c
    [StructLayout(LayoutKind.Sequential)]
    private struct Connection
    {
        public const byte Ignored = 2;

        public ulong Low;
        public ulong LowGroup;
        public ulong High;
        public ulong HighGroup;
        public byte State;
        public byte Server;
        public ushort Padding;
        public uint MorePadding;
    }
}
