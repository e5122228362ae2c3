namespace Chassis.Records;

/// <summary>A number that belongs into lines and may be known only after they were made.</summary>
public interface ILateNumber
{
    /// <summary>Completes when it is known.</summary>
    public Task Known { get; }

    /// <summary>The number, not negative; a stand-in before it is known.</summary>
    public int Value { get; }

    /// <summary>The stand-in holds for all lines from now on that are written before it is known: nobody waits any longer.</summary>
    public void GiveUp();
}
