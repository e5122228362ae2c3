namespace Workload.Tests.VideoApi.Support;

/// <summary>The system's clock, some time ahead: files that a test has just written are old for it.</summary>
/// <param name="ahead">How far.</param>
internal sealed class LaterTime(TimeSpan ahead) : TimeProvider
{
    /// <summary>A minute ahead.</summary>
    public static LaterTime Minute { get; } = new(TimeSpan.FromMinutes(1));

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + ahead;
}
