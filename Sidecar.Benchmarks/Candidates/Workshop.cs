using System.Net;
using System.Net.Sockets;
using Demo.Programs;
using Processes;
using Sidecar.Benchmarks.Machine;

namespace Sidecar.Benchmarks.Candidates;

/// <summary>What every candidate is made with.</summary>
/// <param name="Programs">The programs of others.</param>
/// <param name="Built">The repository's programs.</param>
/// <param name="SidecarDll">The build of the sidecar that is measured.</param>
/// <param name="SidecarArgs">Further words of each sidecar's command line.</param>
/// <param name="Folder">A temporary folder for configurations.</param>
/// <param name="Origin">Where the origin's services are.</param>
/// <param name="Records">Servers for records.</param>
internal sealed record Workshop(
    DebianPrograms Programs, BuiltPrograms Built, string SidecarDll, IReadOnlyList<string> SidecarArgs, string Folder, RelayPorts Origin, RecordServers Records)
{
    private int _files;

    /// <summary>The repository's native builds.</summary>
    public BuiltPrograms Native => Built with { IsNative = true };

    /// <summary>The first words of the measured sidecar's command line; its build may lie elsewhere.</summary>
    public IEnumerable<string> MeasuredSidecar => [Built.Run("Sidecar").First(), SidecarDll];

    /// <summary>Writes a configuration file under a name that no other has.</summary>
    /// <returns>Its path.</returns>
    public string Write(string name, string text)
    {
        var path = Path.Combine(Folder, $"{Interlocked.Increment(ref _files)}-{name}");
        File.WriteAllText(path, text);
        return path;
    }

    /// <summary>The command of one of the repository's programs.</summary>
    public ProcessCommand Run(string name, string program, params IEnumerable<string> words) => new(name, [.. Built.Run(program), .. words]);

    /// <summary>Whether somebody accepts connections there.</summary>
    public static async Task<bool> AcceptsAsync(int port, CancellationToken cancellation)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), cancellation);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
