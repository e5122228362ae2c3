using System.Net.Sockets;
using Chassis;
using Chassis.Net;
using Testing;
using Xunit;

namespace Sidecar.Tests.Chassis;

[SystemTest]
public sealed class UnixListenSocketTests : IDisposable
{
    private readonly TempFolder _folder = new();

    private string Path => _folder.File("admin.sock");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Bind_NewPath_IsForItsOwnerAloneAndLeavesNothing()
    {
        var sockets = Bind();

        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path));
        Assert.Equal([Path], Directory.GetFileSystemEntries(System.IO.Path.GetDirectoryName(Path)!));
        Connect().Dispose();
        sockets.Dispose();
        Assert.False(File.Exists(Path));
    }

    [Fact]
    public void Bind_FileOfADeadProcess_IsReplaced()
    {
        Stale();
        Assert.Throws<SocketException>(Connect);

        using var sockets = Bind();

        Connect().Dispose();
    }

    [Fact]
    public void Bind_FileOfALiveProcess_IsAnErrorThatLeavesIt()
    {
        using var first = Bind();

        var error = Assert.Throws<UsageException>(() => Bind());

        Assert.Equal($"--admin-address 'unix:{Path}': another process listens there; stop it or choose another path", error.Message);
        Connect().Dispose();
    }

    [Fact]
    public void Bind_OrdinaryFile_IsAnErrorThatLeavesIt()
    {
        File.WriteAllText(Path, "precious");

        var error = Assert.Throws<UsageException>(() => Bind());

        Assert.EndsWith("it exists and is not a socket; remove it or choose another path", error.Message, StringComparison.Ordinal);
        Assert.Equal("precious", File.ReadAllText(Path));
    }

    [Fact]
    public void Bind_FolderThatIsMissing_IsAnErrorThatSaysSo()
    {
        using var sockets = new ListenSockets();
        var error = Assert.Throws<UsageException>(() => sockets.Bind(new UnixDomainSocketEndPoint(_folder.File("nowhere/admin.sock")), "--admin-address"));
        Assert.EndsWith("the folder must exist and be writable", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Dispose_FileOfASuccessor_IsLeft()
    {
        var first = Bind();
        File.Delete(Path);
        using var second = Bind();

        first.Dispose();

        Connect().Dispose();
    }

    private ListenSockets Bind()
    {
        var sockets = new ListenSockets();
        sockets.Bind(new UnixDomainSocketEndPoint(Path), "--admin-address");
        return sockets;
    }

    // Under another name the framework does not remove it.
    private void Stale()
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(_folder.File("other")));
        socket.Listen();
        File.Move(_folder.File("other"), Path);
    }

    private Socket Connect()
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(Path));
        return socket;
    }
}
