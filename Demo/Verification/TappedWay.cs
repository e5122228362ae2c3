namespace Demo.Verification;

/// <summary>A way between two hosts or programs, and what crossed it.</summary>
/// <param name="Between">Its ends, as a reader knows them: <c>p1 and p2</c>.</param>
/// <param name="Connections">What crossed, one entry for each connection.</param>
/// <param name="Transformed">Whether a pair of sidecars transforms what crosses; else it crosses as it is.</param>
internal sealed record TappedWay(string Between, IReadOnlyList<TapConnection> Connections, bool Transformed)
{
    public long Bytes => Connections.Sum(c => c.ToTarget.Count + c.FromTarget.Count);
}
