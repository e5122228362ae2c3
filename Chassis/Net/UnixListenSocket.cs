using System.Net.Sockets;
using Microsoft.Win32.SafeHandles;

namespace Chassis.Net;

/// <summary>A listening socket in the file system that only its owner can connect to (mode 0600).</summary>
internal static class UnixListenSocket
{
    // open(2) of a socket: no such device or address.
    private const int Enxio = 6;

    /// <summary>
    /// Listens. A socket file that a dead process left is replaced. The socket of a live process, and a file that is not a socket, are
    /// errors.
    /// </summary>
    /// <exception cref="FormatException">Says why it cannot listen, and what to do.</exception>
    public static Socket Listen(UnixDomainSocketEndPoint address, int backlog)
    {
        var path = address.ToString()!;
        RefuseOccupied(path);
        // As HAProxy does: the socket has another name until it listens, so that no client ever finds a dead socket here.
        var temporary = $"{path}.{Environment.ProcessId}";
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            File.Delete(temporary);
            // The kernel gives the file the mode of the socket (net/unix/af_unix.c), so it is never open to others.
            if (!OperatingSystem.IsWindows())
            {
                using var handle = new SafeFileHandle(socket.Handle, ownsHandle: false);
                File.SetUnixFileMode(handle, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            }

            socket.Bind(new UnixDomainSocketEndPoint(temporary));
            socket.Listen(backlog);
            File.Move(temporary, path, overwrite: true);
            return socket;
        }
        catch (Exception error)
        {
            socket.Dispose();
            throw error is SocketException or IOException or UnauthorizedAccessException or ArgumentOutOfRangeException
                ? new FormatException($"{error.Message.TrimEnd('.')}; the folder must exist and be writable", error)
                : error;
        }
    }

    /// <summary>Removes the file, unless another process listens there now.</summary>
    public static void Remove(UnixDomainSocketEndPoint address)
    {
        try
        {
            if (!IsAlive(address.ToString()!))
                File.Delete(address.ToString()!);
        }
        catch (Exception error) when (error is SocketException or IOException or UnauthorizedAccessException)
        {
            // The next start replaces it.
        }
    }

    private static void RefuseOccupied(string path)
    {
        try
        {
            if (!File.Exists(path) && !Directory.Exists(path))
                return;
            if (!IsSocket(path))
                throw new FormatException("it exists and is not a socket; remove it or choose another path");
            if (IsAlive(path))
                throw new FormatException("another process listens there; stop it or choose another path");
        }
        catch (Exception error) when (error is SocketException or IOException or UnauthorizedAccessException)
        {
            throw new FormatException($"it exists and cannot be replaced: {error.Message}", error);
        }
    }

    // Only a socket cannot be opened at all. For reading and writing, because opening a pipe for one of them waits for the other end.
    private static bool IsSocket(string path)
    {
        try
        {
            File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite).Dispose();
            return false;
        }
        catch (IOException error) when (error.HResult == Enxio)
        {
            return true;
        }
    }

    private static bool IsAlive(string path)
    {
        try
        {
            using var probe = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { Blocking = false };
            probe.Connect(new UnixDomainSocketEndPoint(path));
            return true;
        }
        catch (SocketException error) when (error.SocketErrorCode is SocketError.ConnectionRefused or SocketError.AddressNotAvailable)
        {
            return false;
        }
        catch (SocketException error) when (error.SocketErrorCode == SocketError.WouldBlock)
        {
            // Its queue is full, so a process listens.
            return true;
        }
    }
}
