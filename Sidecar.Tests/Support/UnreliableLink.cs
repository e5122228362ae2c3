using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Sidecar.Tests.Support;

/// <summary>
/// A link between two network namespaces that loses, repeats, reorders, delays and damages packets: a tun interface in each, and a thread for
/// each direction between them.
/// </summary>
internal sealed partial class UnreliableLink : IDisposable
{
    /// <summary>The name of the interface in both namespaces.</summary>
    public const string Interface = "link0";

    /// <summary>The address of the first namespace.</summary>
    public const string One = "10.77.0.1";

    /// <summary>The address of the second namespace.</summary>
    public const string Other = "10.77.0.2";

    // Of a hundred packets.
    private const int Lost = 2;
    private const int Repeated = 3;
    private const int Damaged = 3;
    private const int Delayed = 10;

    private const int MostDelay = 15;
    private const int MaxPacket = 65536;

    // linux/if_tun.h: TUNSETIFF, IFF_TUN and IFF_NO_PI; asm-generic/fcntl.h: O_RDWR and O_CLOEXEC; poll.h: POLLIN
    private const nuint SetInterface = 0x400454ca;
    private const short TunWithoutHeader = 0x1001;
    private const int OpenReadWrite = 2 | 0x80000;
    private const short PollIn = 1;
    private const int InterfaceNameSize = 16;

    private readonly SafeFileHandle _one;
    private readonly SafeFileHandle _other;
    private readonly Thread[] _threads;
    private volatile bool _isStopped;

    private UnreliableLink(SafeFileHandle one, SafeFileHandle other, int seed)
    {
        (_one, _other) = (one, other);
        _threads = [new Thread(() => Run(_one, _other, new Random(seed))), new Thread(() => Run(_other, _one, new Random(seed + 1)))];
        foreach (var thread in _threads)
            thread.Start();
    }

    /// <summary>Joins two namespaces.</summary>
    public static async Task<UnreliableLink> JoinAsync(NetworkNamespace one, NetworkNamespace other, int seed)
    {
        var link = new UnreliableLink(Open(one), Open(other), seed);
        await one.RunAsync($"ip addr add {One}/24 dev {Interface} && ip link set {Interface} up");
        await other.RunAsync($"ip addr add {Other}/24 dev {Interface} && ip link set {Interface} up");
        return link;
    }

    public void Dispose()
    {
        _isStopped = true;
        foreach (var thread in _threads)
            thread.Join();
        _one.Dispose();
        _other.Dispose();
    }

    private static unsafe SafeFileHandle Open(NetworkNamespace space) => NamespaceThread.Run(space.Name, user: 0, group: 0, () =>
    {
        var tun = new SafeFileHandle(OpenFile("/dev/net/tun", OpenReadWrite), ownsHandle: true);
        var request = stackalloc byte[40];
        new Span<byte>(request, 40).Clear();
        Encoding.ASCII.GetBytes(Interface, new Span<byte>(request, InterfaceNameSize));
        *(short*)(request + InterfaceNameSize) = TunWithoutHeader;
        if (tun.IsInvalid || Control(tun, SetInterface, request) != 0)
            throw new InvalidOperationException($"tun: {Marshal.GetLastPInvokeErrorMessage()}");
        return tun;
    });

    private unsafe void Run(SafeFileHandle from, SafeFileHandle to, Random random)
    {
        var later = new PriorityQueue<byte[], long>();
        var buffer = new byte[MaxPacket];
        while (!_isStopped)
        {
            while (later.TryPeek(out var due, out var time) && time <= Environment.TickCount64)
                Write(to, later.Dequeue());
            var asked = new Poll { Descriptor = (int)from.DangerousGetHandle(), Events = PollIn };
            if (WaitFor(&asked, 1, 1) <= 0)
                continue;
            var packet = buffer.AsSpan(0, (int)Read(from, buffer, (nuint)buffer.Length)).ToArray();
            if (random.Next(100) < Lost)
                continue;
            if (random.Next(100) < Repeated)
                later.Enqueue([.. packet], Environment.TickCount64 + random.Next(MostDelay));
            if (random.Next(100) < Damaged)
                packet[random.Next(packet.Length)] ^= (byte)(1 << random.Next(8));
            if (random.Next(100) < Delayed)
                later.Enqueue(packet, Environment.TickCount64 + random.Next(MostDelay));
            else
                Write(to, packet);
        }
    }

    // The kernel refuses a packet that is no longer one of IP.
    private static void Write(SafeFileHandle to, byte[] packet) => _ = Write(to, packet, (nuint)packet.Length);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenFile(string path, int flags);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static unsafe partial int Control(SafeFileHandle file, nuint request, byte* argument);

    [LibraryImport("libc", EntryPoint = "read")]
    private static partial nint Read(SafeFileHandle file, [Out] byte[] bytes, nuint count);

    [LibraryImport("libc", EntryPoint = "write")]
    private static partial nint Write(SafeFileHandle file, byte[] bytes, nuint count);

    [LibraryImport("libc", EntryPoint = "poll")]
    private static unsafe partial int WaitFor(Poll* asked, nuint count, int milliseconds);

    private struct Poll
    {
        public int Descriptor;
        public short Events;
        public short Happened;
    }
}
