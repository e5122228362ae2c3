namespace Chassis.Records;

/// <summary>
/// Tells who sent a line, 0 for nobody in particular. What it is given may be any bytes, a very long line's beginning alone, and
/// is called for each line of a file: it neither throws nor takes long.
/// </summary>
/// <param name="line">The line, with its line feed.</param>
public delegate UInt128 LineSender(ReadOnlySpan<byte> line);
