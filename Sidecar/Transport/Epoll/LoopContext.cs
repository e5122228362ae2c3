namespace Sidecar.Transport.Epoll;

/// <summary>Brings awaits of other threads' work back to the loop that a connection lives on.</summary>
internal sealed class LoopContext(EventLoop loop) : SynchronizationContext
{
    public override void Post(SendOrPostCallback d, object? state) => loop.Post(d, state);

    public override void Send(SendOrPostCallback d, object? state) => throw new NotSupportedException("an event loop is never waited for");

    public override SynchronizationContext CreateCopy() => this;
}
