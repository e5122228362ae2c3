namespace Chassis.Records;

/// <summary>A number for lines that can become known after the lines were made.</summary>
public interface ILateNumber
{
    /// <summary>Completes when it is known.</summary>
    public Task Known { get; }

    /// <summary>The number, not negative; a default value before it is known.</summary>
    public int Value { get; }

    /// <summary>Ends the wait: all lines that are written before the number is known get the default value.</summary>
    public void GiveUp();
}
