using System.Diagnostics.CodeAnalysis;
using System.Runtime.Intrinsics;

namespace Sidecar.Transform.Kernels;

/// <summary>One row, four words, of the states of as many blocks as fit into a vector.</summary>
internal interface IChaCha20Row<TSelf>
    where TSelf : IChaCha20Row<TSelf>
{
    /// <summary>0 in the first block's row, 1 in the second's, and so on, in the first word of each.</summary>
    public static abstract TSelf Numbers { get; }

    /// <summary>The same row in each block.</summary>
    public static abstract TSelf Repeat(Vector128<uint> row);

    /// <summary>Word by word, modulo 2^32.</summary>
    public static abstract TSelf operator +(TSelf left, TSelf right);

    public static abstract TSelf operator ^(TSelf left, TSelf right);

    /// <summary>Rotates each word.</summary>
    public static abstract TSelf RotateLeft(TSelf row, [ConstantExpected] byte bits);

    /// <summary>Moves the second word of each block to the front, and the first one to the end.</summary>
    public static abstract TSelf TurnOne(TSelf row);

    /// <summary>Moves the third word to the front.</summary>
    public static abstract TSelf TurnTwo(TSelf row);

    /// <summary>Moves the fourth word to the front.</summary>
    public static abstract TSelf TurnThree(TSelf row);
}
