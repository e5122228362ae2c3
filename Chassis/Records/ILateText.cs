namespace Chassis.Records;

/// <summary>A text for lines that can become known after the lines were made.</summary>
public interface ILateText
{
    /// <summary>Completes when it is known.</summary>
    public Task Known { get; }

    /// <summary>The most bytes that it can have.</summary>
    public int MaxLength { get; }

    /// <summary>Writes the text; a default before it is known.</summary>
    /// <param name="room">At least <see cref="MaxLength"/> bytes.</param>
    /// <returns>The bytes that were written.</returns>
    public int Write(Span<byte> room);

    /// <summary>Ends the wait: all lines that are written before the text is known get the default.</summary>
    public void GiveUp();
}

/// <summary>A text that a line does not have yet.</summary>
/// <param name="At">Its position in the line.</param>
/// <param name="Text">The text.</param>
public readonly record struct LateText(int At, ILateText Text);
