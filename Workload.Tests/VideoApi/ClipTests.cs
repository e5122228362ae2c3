using Microsoft.Extensions.Logging.Abstractions;
using Testing;
using VideoApi.Media;
using VideoApi.Storage;
using Xunit;

namespace Workload.Tests.VideoApi;

/// <summary>The clip that is part of the sources.</summary>
public class ClipTests
{
    [Fact]
    public async Task Catalog_OfTheClips_HasTheClock()
    {
        var catalog = new Catalog(new MediaFolder(Repository.Clips), TimeProvider.System, NullLogger<Catalog>.Instance);

        var clock = Assert.Single(await catalog.GetAsync(TestContext.Current.CancellationToken));

        Assert.Equal(new CatalogEntry("clock", "Test clock", 24, "/hls/clock/master.m3u8"), clock);
    }

    [Fact]
    public void Files_Together_HaveAtMostThreeMegabytes() =>
        Assert.InRange(new DirectoryInfo(Repository.Clips).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length), 1, 3_000_000);

    [Fact]
    public void Playlists_WhatTheyNameAndWhatIsThere_IsTheSame()
    {
        var folder = Path.Combine(Repository.Clips, "clock");
        var reached = new HashSet<string>();
        Follow(Path.Combine(folder, "master.m3u8"), reached);

        Assert.Equal(
            Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Order(),
            reached.Order());
        Assert.All(reached, file => Assert.NotNull(MediaType.Of(file)));
    }

    private static void Follow(string file, HashSet<string> reached)
    {
        if (!reached.Add(file) || !file.EndsWith(".m3u8", StringComparison.Ordinal))
            return;
        foreach (var line in File.ReadLines(file))
        {
            var reference = line.StartsWith('#') ? AttributeList.Parse(line.AsSpan(line.IndexOf(':') + 1)).GetValueOrDefault("URI") : line;
            if (!string.IsNullOrEmpty(reference))
                Follow(Path.Combine(Path.GetDirectoryName(file)!, reference), reached);
        }
    }
}
