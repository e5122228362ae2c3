using Chassis;
using VideoApi.Hosting;

namespace VideoApi.Storage;

/// <summary>The videos of the folder. It is read again at most once a second, and only for a request.</summary>
internal sealed partial class Catalog(MediaFolder folder, TimeProvider time, ILogger<Catalog> logger)
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(1);

    private readonly TimedCache<IReadOnlyList<CatalogEntry>> _entries = new(Lifetime, new Scan(folder, logger).RunAsync, time);

    /// <summary>The videos in order of their ids.</summary>
    public Task<IReadOnlyList<CatalogEntry>> GetAsync(CancellationToken cancellation) => _entries.GetAsync(cancellation);

    private sealed class Scan(MediaFolder folder, ILogger logger)
    {
        // A catalogue is sent whole; a larger one would need pages.
        private const int MaxVideos = 1000;

        // Reported already, so that a message is not repeated each second.
        private HashSet<string> _reported = [];

        public async Task<IReadOnlyList<CatalogEntry>> RunAsync()
        {
            var (entries, problems) = (new List<CatalogEntry>(), new HashSet<string>());
            foreach (var (index, id) in folder.Folders().Take(MaxVideos + 1).Index())
            {
                try
                {
                    if (index == MaxVideos)
                        throw new FormatException($"more than {MaxVideos} folders; it and those after it are left out");
                    if (await VideoProbe.FindAsync(folder, id) is { } entry)
                        entries.Add(entry);
                }
                catch (Exception error) when (error is FormatException or IOException or UnauthorizedAccessException)
                {
                    problems.Add(id);
                    if (!_reported.Contains(id))
                        LogSkipped(logger, OneLine.Of(id), OneLine.Of(error.Message));
                }
            }

            _reported = problems;
            return entries;
        }
    }

    [LoggerMessage(11, LogLevel.Warning, "the folder {Id} is not in the catalogue: {Reason}")]
    private static partial void LogSkipped(ILogger logger, string id, string reason);
}
