using System.Net;
using Demo.Verification;
using Xunit;

namespace Workload.Tests.Demo;

public sealed class MediaFilesTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("clips-");

    public MediaFilesTests()
    {
        _folder.CreateSubdirectory("v/low");
        File.WriteAllText(Path.Combine(_folder.FullName, "make-clip"), "not served");
        File.WriteAllText(Path.Combine(_folder.FullName, "v/master.m3u8"), "#EXTM3U");
        File.WriteAllText(Path.Combine(_folder.FullName, "v/low/a b.ts"), "segment");
    }

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Compare_OfAllFilesAsTheyAre_FindsNothing() =>
        Assert.Empty(Compare(("/hls/v/master.m3u8", "#EXTM3U"), ("/hls/v/low/a%20b.ts", "segment")));

    [Fact]
    public void Compare_OfAChangedByte_NamesTheFile() =>
        Assert.Contains("/hls/v/low/a b.ts: SHA-256 ",
            Assert.Single(Compare(("/hls/v/master.m3u8", "#EXTM3U"), ("/hls/v/low/a%20b.ts", "segmenT"))), StringComparison.Ordinal);

    [Fact]
    public void Compare_WithAFileThatWasNotFetched_NamesIt() =>
        Assert.Equal(["/hls/v/low/a b.ts: no playlist led to this file, so it was not fetched"], Compare(("/hls/v/master.m3u8", "#EXTM3U")));

    [Fact]
    public void Compare_WithAnAnswerThatIsNoFile_NamesIt() =>
        Assert.Contains("/hls/v/more.ts: no file of ",
            Assert.Single(Compare(("/hls/v/master.m3u8", "#EXTM3U"), ("/hls/v/low/a%20b.ts", "segment"), ("/hls/v/more.ts", ""))), StringComparison.Ordinal);

    private IReadOnlyList<string> Compare(params (string Path, string Body)[] answers)
    {
        var findings = new Findings();
        new MediaFiles(_folder.FullName).Compare(
            [.. answers.Select(a => new WebAnswer(new Uri("http://127.0.0.1" + a.Path), HttpStatusCode.OK, null, System.Text.Encoding.UTF8.GetBytes(a.Body)))],
            findings);
        return findings.Failures;
    }
}
