using System.Globalization;
using System.Net;
using Sidecar.Owners;
using Sidecar.Tests.Support;
using Testing;
using Xunit;

namespace Sidecar.Tests.Owners;

[SystemTest]
public sealed class LocalProcessNamespaceTests
{
    [Fact]
    public async Task FindInodes_WithinANamespace_IsThatNamespacesSocket()
    {
        RootTools.Require("python3");
        await using var space = await NetworkNamespace.CreateAsync();
        await using var service = space.StartCommand("python3", "-u", "-c", """
            import os, socket
            listener = socket.create_server(('127.0.0.1', 7000))
            print('listening')
            kept = listener.accept()[0]
            print(os.fstat(kept.fileno()).st_ino)
            kept.recv(1)
            """);
        await Eventually.TrueAsync(() => service.Output.Count > 0);
        using var socket = await space.ConnectAsync(IPAddress.Loopback, 7000, user: 0);
        await Eventually.TrueAsync(() => service.Output.Count > 1);
        var (local, remote) = ((IPEndPoint)socket.LocalEndPoint!, (IPEndPoint)socket.RemoteEndPoint!);

        // A thread's own tables, as a sidecar in the pod has them.
        var inode = NamespaceThread.Run(space.Name, user: 0, group: 0, () => SocketTable.FindInodes([(remote, local)])[0]);

        Assert.Equal(ulong.Parse(service.Output[1], CultureInfo.InvariantCulture), inode);
        Assert.Null(SocketTable.FindInodes([(remote, local)])[0]);
    }
}
