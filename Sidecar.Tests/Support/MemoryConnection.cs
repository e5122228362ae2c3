using System.IO.Pipelines;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Connections;

namespace Sidecar.Tests.Support;

/// <summary>A connection over pipes in memory: the stages under test see the one end, the test plays the other.</summary>
internal sealed class MemoryConnection : DefaultConnectionContext
{
    private readonly PipeWriter _toStage;
    private readonly PipeReader _fromStage;

    public MemoryConnection(string remote = "127.0.0.1:50001")
    {
        var (incoming, outgoing) = (new Pipe(), new Pipe());
        Transport = new Duplex(incoming.Reader, outgoing.Writer);
        (_toStage, _fromStage) = (incoming.Writer, outgoing.Reader);
        RemoteEndPoint = IPEndPoint.Parse(remote);
        LocalEndPoint = IPEndPoint.Parse("127.0.0.1:45000");
    }

    /// <summary>Whether a stage reset the connection.</summary>
    public bool IsAborted { get; private set; }

    /// <summary>The peer sends text.</summary>
    public async Task SendAsync(string text) => await SendAsync(Encoding.Latin1.GetBytes(text));

    /// <summary>The peer sends bytes.</summary>
    public async Task SendAsync(byte[] bytes) => await _toStage.WriteAsync(bytes);

    /// <summary>The peer ends its stream.</summary>
    public void SendEnd() => _toStage.Complete();

    /// <summary>The peer resets the connection.</summary>
    public void SendReset() => _toStage.Complete(new ConnectionResetException("reset by the test"));

    /// <summary>The peer takes no more bytes.</summary>
    public void StopReceiving() => _fromStage.Complete();

    /// <summary>What the stage has sent so far and the peer has not received yet; waits for at least one byte or the end.</summary>
    public async Task<byte[]> ReceiveAsync()
    {
        var result = await _fromStage.ReadAsync();
        var bytes = System.Buffers.BuffersExtensions.ToArray(result.Buffer);
        _fromStage.AdvanceTo(result.Buffer.End);
        return bytes;
    }

    /// <summary>All that the stage sends until it ends its stream.</summary>
    public async Task<byte[]> ReceiveToEndAsync()
    {
        using var all = new MemoryStream();
        await _fromStage.CopyToAsync(all);
        return all.ToArray();
    }

    /// <summary>What the stage has sent and the peer has not received, without waiting.</summary>
    public string ReceivedText()
    {
        if (!_fromStage.TryRead(out var result))
            return "";
        var text = Encoding.Latin1.GetString(result.Buffer);
        _fromStage.AdvanceTo(result.Buffer.End);
        return text;
    }

    /// <inheritdoc/>
    public override void Abort(ConnectionAbortedException abortReason)
    {
        IsAborted = true;
        // As Kestrel's transport does it: pending reads of this side end with the reason.
        _toStage.Complete(abortReason);
        _fromStage.Complete();
    }

    private sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
