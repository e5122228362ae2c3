using System.Net;
using System.Net.Sockets;
using Demo.Programs;
using Testing;
using Xunit;

namespace Sidecar.Tests.Support.Peers;

/// <summary>A server that others wrote, on a free port of loopback, with a folder of its own. The test is skipped where it is not installed.</summary>
internal sealed class ServerProgram : IAsyncDisposable
{
    private static readonly string[] Folders = ["/usr/sbin", "/usr/bin"];

    private readonly TempFolder _folder = new();
    private readonly ProgramProcess _process;

    private ServerProgram(string command, string package, Func<int, TempFolder, IReadOnlyList<string>> words)
    {
        var path = Folders.Select(folder => Path.Combine(folder, command)).FirstOrDefault(File.Exists);
        if (path is null)
            Assert.Skip($"{command} is missing (Debian package {package})");
        // Such programs cannot be asked for any free port; nobody else is given one of this range.
        using var free = new FreePorts();
        Port = free.Next();
        var arguments = words(Port, _folder);
        free.Dispose();
        _process = ProgramProcess.StartCommand([path, .. arguments]);
    }

    /// <summary>Where it listens.</summary>
    public int Port { get; }

    /// <summary>Lines that it has written to stdout.</summary>
    public IReadOnlyList<string> Output => _process.Output;

    /// <summary>A file in its folder.</summary>
    public string FileOf(string name) => _folder.File(name);

    /// <summary>Starts it and waits until it accepts connections.</summary>
    /// <param name="command">Its name.</param>
    /// <param name="package">The Debian package that has it.</param>
    /// <param name="words">Its command line for a port; configuration files go to the folder.</param>
    public static async Task<ServerProgram> StartAsync(string command, string package, Func<int, TempFolder, IReadOnlyList<string>> words)
    {
        var server = new ServerProgram(command, package, words);
        await Eventually.TrueAsync(server.Accepts, () => string.Join('\n', server._process.Errors));
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        _folder.Dispose();
    }

    private bool Accepts()
    {
        using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            probe.Connect(IPAddress.Loopback, Port);
            return true;
        }
        catch (SocketException error) when (error.SocketErrorCode == SocketError.ConnectionRefused)
        {
            return false;
        }
    }
}
