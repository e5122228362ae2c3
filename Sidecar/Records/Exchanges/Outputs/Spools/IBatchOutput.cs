using Chassis.Records;

namespace Sidecar.Records.Exchanges.Outputs.Spools;

/// <summary>An output that says when a batch is settled, so that a spool can keep it until then.</summary>
internal interface IBatchOutput : ILineOutput
{
    /// <summary>Sends a batch, again and again, until each line has arrived or was refused for good. One call at a time.</summary>
    /// <returns>The number of lines that are left because of <see cref="ILineOutput.GiveUp"/>, after which each call returns at once.</returns>
    public ValueTask<int> SendAsync(LineBatch batch);
}
