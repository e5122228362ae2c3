using System.Security.Cryptography;

namespace Demo.Verification;

/// <summary>Compares what came over HTTP with the files that it should be.</summary>
/// <param name="folder">The folder of the videos; each has a sub-folder.</param>
internal sealed class MediaFiles(string folder)
{
    /// <summary>The path below which the frontend serves the folder.</summary>
    public const string UrlRoot = "/hls/";

    /// <summary>Every file of every video, by the path of its URL.</summary>
    public IReadOnlyDictionary<string, string> Files { get; } = Directory.EnumerateDirectories(folder)
        .SelectMany(video => Directory.EnumerateFiles(video, "*", SearchOption.AllDirectories))
        .ToDictionary(file => UrlRoot + Path.GetRelativePath(folder, file), StringComparer.Ordinal);

    /// <summary>Notes each answer that is not its file byte for byte, and each file that was not fetched.</summary>
    public void Compare(IReadOnlyList<WebAnswer> answers, Findings findings)
    {
        foreach (var answer in answers)
        {
            var path = Uri.UnescapeDataString(answer.Url.AbsolutePath);
            if (!findings.Check(Files.TryGetValue(path, out var file), $"{answer.Url}: no file of {folder} belongs to it"))
                continue;
            var (wanted, got) = (SHA256.HashData(File.ReadAllBytes(file!)), SHA256.HashData(answer.Body));
            findings.Check(wanted.AsSpan().SequenceEqual(got),
                $"{answer.Url}: SHA-256 {Convert.ToHexStringLower(got)}, the file's is {Convert.ToHexStringLower(wanted)}");
        }

        foreach (var path in Files.Keys.Except(answers.Select(a => Uri.UnescapeDataString(a.Url.AbsolutePath))))
            findings.Fail($"{path}: no playlist led to this file, so it was not fetched");
    }
}
