namespace Chassis.Records;

/// <summary>
/// Finds the sender of a line; 0 if there is none. The line can be any bytes, or only the beginning of a very long line. It
/// is called for each line of a file, so it must not throw and must be fast.
/// </summary>
/// <param name="line">The line, with its line feed.</param>
public delegate UInt128 LineSender(ReadOnlySpan<byte> line);
