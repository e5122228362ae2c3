using Demo.Programs;
using Demo.Verification;

namespace Demo.Scenes;

/// <summary>
/// Where the programs run and how they are reached: what one kind of demo has of its own. Disposing it leaves nothing
/// behind; the programs have ended before.
/// </summary>
internal interface IScene : IAsyncDisposable
{
    /// <summary>The programs, in the order in which they start.</summary>
    public IReadOnlyList<DemoProgram> Programs { get; }

    /// <summary>Tells the user what to open.</summary>
    public string Invitation { get; }

    /// <summary>What <c>--verify</c> runs, one after the other; none without it.</summary>
    public IReadOnlyList<DemoVerification> Verifications { get; }

    /// <summary>The file with the records of captured packets; null if none are captured.</summary>
    public string? ObservedRecords => null;

    /// <summary>Tells what is worth knowing after the verification.</summary>
    public Task ReportAsync(CancellationToken cancellation);
}
