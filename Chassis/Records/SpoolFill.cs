namespace Chassis.Records;

/// <summary>What a spool on disk has, and what it has lost.</summary>
/// <param name="Bytes">Bytes of its files.</param>
/// <param name="Records">Records that wait in it.</param>
/// <param name="Dropped">Records dropped so far because of its limit.</param>
/// <param name="Damaged">Records lost so far because a file was cut or damaged, as far as their number is known.</param>
public readonly record struct SpoolFill(long Bytes, long Records, long Dropped, long Damaged);
