using Testing;

namespace Workload.Tests.VideoApi.Support;

/// <summary>What storages in tests hold.</summary>
internal static class Films
{
    public const string Master = """
        #EXTM3U
        #EXT-X-SESSION-DATA:DATA-ID="com.apple.hls.title",VALUE="A film, with comma"
        #EXT-X-STREAM-INF:BANDWIDTH=1000,CODECS="avc1.4d401e,mp4a.40.2"
        media.m3u8
        """;

    public const string Media = """
        #EXTM3U
        #EXT-X-TARGETDURATION:10
        #EXTINF:9.5,
        0.ts
        #EXTINF:3.004,title
        1.m4s
        #EXT-X-ENDLIST
        """;

    /// <summary>Bytes that tell which part of a file they are.</summary>
    public static byte[] Bytes(int count) => [.. Enumerable.Range(0, count).Select(i => (byte)((i * 31) ^ (i >> 8)))];

    /// <summary>When the films' files were written: long ago.</summary>
    public static readonly DateTime Written = new(2026, 1, 2, 3, 4, 5, 600, DateTimeKind.Utc);

    /// <summary>A folder <c>film</c> with a file of each kind, and some that must not be served.</summary>
    public static TempFolder Create()
    {
        var folder = new TempFolder();
        folder.Write("film/master.m3u8", Master);
        folder.Write("film/media.m3u8", Media);
        folder.Write("film/0.ts", Bytes(100_000));
        folder.Write("film/1.m4s", Bytes(5_000));
        folder.Write("film/init.mp4", Bytes(700));
        folder.Write("film/en.vtt", "WEBVTT\n");
        folder.Write("film/notes.txt", "not media");
        folder.Write("film/.hidden.ts", "hidden");
        foreach (var path in Directory.EnumerateFiles(folder.File("film")))
            File.SetLastWriteTimeUtc(path, Written);
        return folder;
    }
}
