using System.Collections.ObjectModel;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Sidecar.Net;
using Testing;
using Testing.Peers;
using Xunit;

namespace Sidecar.Tests.Support;

/// <summary>A network namespace of one test's own, with loopback up; removed with it.</summary>
internal sealed class NetworkNamespace : IAsyncDisposable
{
    // asm-generic/socket.h: SOL_SOCKET, SO_NETNS_COOKIE
    private const int SocketLevel = 1;
    private const int CookieOption = 71;

    private static int _count;

    private NetworkNamespace()
    {
    }

    /// <summary>Its name, unique on this machine.</summary>
    public string Name { get; } = string.Create(CultureInfo.InvariantCulture, $"sidecar-{Environment.ProcessId}-{Interlocked.Increment(ref _count)}");

    /// <summary>The kernel's number for it (SO_NETNS_COOKIE).</summary>
    public ulong Cookie => NamespaceThread.Run(Name, user: 0, group: 0, () =>
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        var cookie = new byte[sizeof(ulong)];
        socket.GetRawSocketOption(SocketLevel, CookieOption, cookie);
        return BitConverter.ToUInt64(cookie);
    });

    public static async Task<NetworkNamespace> CreateAsync()
    {
        var space = new NetworkNamespace();
        await ShellAsync([], $"ip netns add {space.Name} && ip -n {space.Name} link set lo up");
        return space;
    }

    /// <summary>Joins two namespaces by a pair of interfaces, both named <c>wire</c> if the second one has no name of its own.</summary>
    public static Task JoinAsync(NetworkNamespace one, NetworkNamespace other, string otherEnd = "wire") =>
        ShellAsync([], $"ip link add name wire netns {one.Name} type veth peer name {otherEnd} netns {other.Name}");

    /// <summary>Runs shell commands inside; any that fails fails the test.</summary>
    public Task<string> RunAsync(string script) => ShellAsync(Launcher, script);

    /// <summary>Starts a program inside, as a user of no privilege but that of reading its own files.</summary>
    public ProgramProcess Start(int user, string program, params IEnumerable<string> args) => Start(user, program, ReadOnlyDictionary<string, string>.Empty, args);

    /// <summary>The same, with environment variables.</summary>
    public ProgramProcess Start(int user, string program, IReadOnlyDictionary<string, string> environment, params IEnumerable<string> args) => ProgramProcess.StartBy(
    [
        .. Launcher, "setpriv", $"--reuid={user}", $"--regid={user}", "--clear-groups", "--inh-caps=+dac_override", "--ambient-caps=+dac_override",
        "env", "DOTNET_EnableDiagnostics=0", .. environment.Select(variable => $"{variable.Key}={variable.Value}"),
    ], program, args);

    /// <summary>Starts any other command inside, as root.</summary>
    public ProgramProcess StartCommand(params IEnumerable<string> words) => ProgramProcess.StartCommand([.. Launcher, .. words]);

    /// <summary>A connection from inside, made by a user.</summary>
    public async Task<Socket> ConnectAsync(IPAddress address, int port, int user, int group = 65534, IPAddress? source = null)
    {
        var socket = NamespaceThread.Run(Name, user, group, () => new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true });
        try
        {
            if (address.AddressFamily == AddressFamily.InterNetworkV6)
                socket.DualMode = true;
            if (source is not null)
            {
                if (source.AddressFamily == AddressFamily.InterNetworkV6)
                    KernelOption.FreeBind.Set(socket, 1);
                socket.Bind(new IPEndPoint(source, 0));
            }

            // A blocking connect: a peer that resets at once seldom comes between the handshake and its return.
            await Task.Run(() => socket.Connect(new IPEndPoint(address, port)), TestContext.Current.CancellationToken).WaitAsync(SocketTalk.Limit);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>A socket that listens inside on a port of all addresses, of both families, or of one address.</summary>
    public Socket Listen(int port, IPAddress? address = null) => NamespaceThread.Run(Name, user: 0, group: 0, () =>
    {
        var socket = new Socket((address ?? IPAddress.IPv6Any).AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        if (address is null)
            socket.DualMode = true;
        socket.Bind(new IPEndPoint(address ?? IPAddress.IPv6Any, port));
        socket.Listen(4096);
        return socket;
    });

    public async ValueTask DisposeAsync() => await ShellAsync([], $"ip netns del {Name}");

    private string[] Launcher => ["ip", "netns", "exec", Name];

    private static async Task<string> ShellAsync(string[] launcher, string script)
    {
        var (code, output, errors) = await Run.AfterwardsAsync([.. launcher, "sh", "-e", "-c", script]);
        return code == 0 ? output : throw new InvalidOperationException($"'{script}' ended with {code}: {errors}");
    }
}
