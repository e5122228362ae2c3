using Xunit;

namespace Sidecar.Tests.Floors;

public sealed class FolderGraphTests
{
    [Fact]
    public void Cycle_OfTwo_IsNamed() => Assert.Equal(
        ["Cellar -> Roof, because Wine uses Tile", "Roof -> Cellar, because Tile uses Wine"],
        new FolderGraph([("Cellar", "Roof", "Wine uses Tile"), ("Roof", "Cellar", "Tile uses Wine"), ("Roof", "Attic", "Tile uses Trunk")]).ShortestCycle());

    [Fact]
    public void Cycle_OfThree_IsNamed() => Assert.Equal(
        ["A -> B, because 1", "B -> C, because 2", "C -> A, because 3"],
        new FolderGraph([("A", "B", "1"), ("B", "C", "2"), ("C", "A", "3"), ("C", "D", "4")]).ShortestCycle());

    [Fact]
    public void Cycle_BehindFoldersThatAreInNone_IsFound() => Assert.Equal(
        ["C -> D, because 3", "D -> C, because 4"],
        new FolderGraph([("A", "B", "1"), ("B", "C", "2"), ("C", "D", "3"), ("D", "C", "4")]).ShortestCycle());

    [Fact]
    public void ManyWaysDown_AreNoCycle() =>
        Assert.Empty(new FolderGraph([("A", "B", "1"), ("A", "C", "2"), ("B", "D", "3"), ("C", "D", "4"), ("C", "B", "5")]).ShortestCycle());

    [Fact]
    public void UsesWithinAFolder_AreNoCycle() => Assert.Empty(new FolderGraph([("A", "A", "1")]).ShortestCycle());
}
