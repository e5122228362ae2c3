using System.Globalization;
using Chassis;
using Chassis.Records;
using Chassis.Settings;

namespace Sidecar.Records.Exchanges.Outputs.Spools;

/// <summary>
/// Batches on disk, in the order in which they came, up to a limit: beyond it the oldest file is dropped. They outlive the process, but
/// not a crash of the machine. One thread at a time can use it; any thread can read what it counts.
/// </summary>
internal sealed partial class Spool : IDisposable
{
    // So that the limit drops a small part of the records at once.
    private const int Files = 32;

    private const string Extension = ".spool";

    // A process locks it as long as it uses the folder.
    private const string LockName = "lock";

    // EWOULDBLOCK of flock(2).
    private const int IsLocked = 11;

    private readonly SpoolOptions _options;
    private readonly byte[] _title;
    private readonly ILogger _logger;
    private readonly FileStream _lock;
    private readonly List<SpoolSegment> _segments = [];
    private SpoolSegment? _last;
    private (SpoolSegment Segment, SpoolFrame Frame)? _underWay;
    private long _number;
    private long _bytes;
    private long _records;
    private long _dropped;
    private long _damaged;
    private bool _isFull;
    private bool _hasDamage;
    private bool _hasFailed;

    private Spool(SpoolOptions options, string content, FileStream held, ILogger logger) =>
        (_options, _title, _lock, _logger) = (options, SpoolSegment.Title(content), held, logger);

    /// <summary>What is in it, and what it has lost.</summary>
    public SpoolFill Fill => new(Interlocked.Read(ref _bytes), Interlocked.Read(ref _records), Interlocked.Read(ref _dropped), Interlocked.Read(ref _damaged));

    /// <summary>Whether no batch is in it.</summary>
    public bool IsEmpty => _segments.Count == 0;

    /// <summary>Opens it, with what an earlier process has left.</summary>
    /// <param name="options">The folder, which is made if it is missing.</param>
    /// <param name="content">The kind of output that its records are for, and their format.</param>
    /// <param name="logger">Gets a line when something goes wrong for the first time.</param>
    /// <exception cref="UsageException">The folder cannot be used.</exception>
    public static Spool Open(SpoolOptions options, string content, ILogger logger)
    {
        FileStream? held = null;
        try
        {
            PrivateFiles.MakeFolder(options.Folder);
            held = Lock(options);
            var spool = new Spool(options, content, held, logger);
            spool.Load();
            return spool;
        }
        catch (Exception error) when (IsFailure(error))
        {
            held?.Dispose();
            throw new UsageException($"{options.Origin} '{options.Folder}': {OneLine.Of(error.Message)}", error);
        }
    }

    /// <summary>Whether an error is one of the folder or its files.</summary>
    public static bool IsFailure(Exception error) => error is IOException or UnauthorizedAccessException or ArgumentException;

    /// <summary>Appends a batch. When there is no room, the oldest file is dropped.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="isUnderWay">Whether it is being sent already; then it is the only one.</param>
    /// <exception cref="IOException">It could not be written.</exception>
    /// <exception cref="UnauthorizedAccessException">It must not be written.</exception>
    public void Append(LineBatch batch, bool isUnderWay)
    {
        var frame = SpoolFrame.Of(batch);
        while (_segments.Count > 0 && _bytes + _title.Length + frame.Size > _options.Limit)
            DropOldest();
        var segment = _last is { } last && last.Length + frame.Size <= _options.Limit / Files ? last : null;
        // After a failure the next file is tried.
        _last = null;
        if (segment is null)
        {
            _segments.Add(segment = SpoolSegment.Create(PathOf(++_number), _title, frame, batch.Lines));
            Interlocked.Add(ref _bytes, _title.Length);
        }
        else
        {
            segment.Append(frame, batch.Lines);
        }

        _last = segment;
        Interlocked.Add(ref _bytes, frame.Size);
        Interlocked.Add(ref _records, frame.Count);
        if (isUnderWay)
            _underWay = (segment, frame);
    }

    /// <summary>Reads the oldest batch, which is under way from now on. Damaged ones before it are counted and left out.</summary>
    /// <param name="buffer">Gets the lines; replaced if it is too small.</param>
    /// <returns>The batch; null if there is none, or if it cannot be read now.</returns>
    public LineBatch? Take(ref byte[] buffer)
    {
        while (_segments.Count > 0)
        {
            var oldest = _segments[0];
            var before = oldest.Records;
            try
            {
                if (oldest.Read(ref buffer, out var frame) is { } batch)
                {
                    Lose(oldest, before - oldest.Records);
                    _underWay = (oldest, frame);
                    return batch;
                }
            }
            catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
            {
                NoteFailure(error);
            }
            catch (Exception error) when (IsFailure(error))
            {
                // Too many open files, for example: the next batch that comes tries again.
                NoteFailure(error);
                Lose(oldest, before - oldest.Records);
                return null;
            }

            Lose(oldest, before);
            Remove(oldest);
        }

        _isFull = false;
        return null;
    }

    /// <summary>The batch under way, if it is in the spool at all, was sent or given up.</summary>
    public void Settle(bool isSent)
    {
        if (_underWay is not { } current)
            return;
        _underWay = null;
        if (!_segments.Contains(current.Segment))
        {
            // Its file was dropped in the meantime.
            Interlocked.Add(ref _records, -current.Frame.Count);
            if (!isSent)
                Interlocked.Add(ref _dropped, current.Frame.Count);
        }
        else if (isSent)
        {
            Interlocked.Add(ref _records, -current.Frame.Count);
            Try(() => current.Segment.Pass(current.Frame));
            if (current.Segment.Records == 0)
                Remove(current.Segment);
        }
    }

    /// <summary>Leaves the folder to other processes.</summary>
    public void Dispose() => _lock.Dispose();

    private static FileStream Lock(SpoolOptions options)
    {
        try
        {
            return new FileStream(Path.Combine(options.Folder, LockName), PrivateFiles.Options(FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException error) when (error.HResult == IsLocked)
        {
            throw new IOException("another process uses it; give each sidecar a folder of its own", error);
        }
    }

    private string PathOf(long number) => Path.Combine(_options.Folder, number.ToString("d16", CultureInfo.InvariantCulture) + Extension);

    private void Load()
    {
        foreach (var path in Directory.EnumerateFiles(_options.Folder, "*" + Extension).Order(StringComparer.Ordinal))
        {
            if (!long.TryParse(Path.GetFileNameWithoutExtension(path), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
                continue;
            _number = Math.Max(_number, number);
            try
            {
                var segment = SpoolSegment.Open(path, _title, out var damage);
                _segments.Add(segment);
                _bytes += segment.Length;
                _records += segment.Records;
                if (damage is { } count)
                    NoteDamage(segment, count);
                if (segment.Records == 0)
                    Remove(segment);
            }
            catch (FormatException error)
            {
                throw new IOException($"{error.Message} ({Path.GetFileName(path)}); send them with the settings of then, or give another folder", error);
            }
        }

        if (_records > 0)
            Log.Found(_logger, _options.Folder, _records);
    }

    private void DropOldest()
    {
        var oldest = _segments[0];
        // A batch under way may still arrive.
        var count = oldest.Records - (_underWay is { } current && current.Segment == oldest ? current.Frame.Count : 0);
        Interlocked.Add(ref _records, -count);
        Interlocked.Add(ref _dropped, count);
        if (!_isFull)
            Log.Full(_logger, _options.Folder, Values.DisplaySize(_options.Limit));
        _isFull = true;
        Remove(oldest);
    }

    private void Remove(SpoolSegment segment)
    {
        _segments.Remove(segment);
        if (_last == segment)
            _last = null;
        Interlocked.Add(ref _bytes, -segment.Length);
        Try(segment.Delete);
    }

    private void Lose(SpoolSegment segment, long count)
    {
        if (count == 0)
            return;
        Interlocked.Add(ref _records, -count);
        NoteDamage(segment, count);
    }

    private void NoteDamage(SpoolSegment segment, long count)
    {
        Interlocked.Add(ref _damaged, count);
        if (!_hasDamage)
            Log.Damaged(_logger, $"{segment}", count);
        _hasDamage = true;
    }

    private void Try(Action action)
    {
        try
        {
            action();
        }
        catch (Exception error) when (IsFailure(error))
        {
            NoteFailure(error);
        }
    }

    private void NoteFailure(Exception error)
    {
        if (!_hasFailed)
            Log.Failed(_logger, _options.Folder, error.Message);
        _hasFailed = true;
    }

    private static partial class Log
    {
        [LoggerMessage(150, LogLevel.Information, "{Folder} has {Count} records that were not sent; they go first")]
        public static partial void Found(ILogger logger, string folder, long count);

        [LoggerMessage(151, LogLevel.Error, "{Folder} has its {Limit} of records that wait: the oldest are dropped and counted")]
        public static partial void Full(ILogger logger, string folder, string limit);

        [LoggerMessage(152, LogLevel.Warning, "{Path} was not written to its end or is damaged, {Count} of its records are known to be lost; further damage is only counted")]
        public static partial void Damaged(ILogger logger, string path, long count);

        [LoggerMessage(153, LogLevel.Error, "A file of {Folder} cannot be read, marked or removed, and records may be sent again after a restart: {Reason}")]
        public static partial void Failed(ILogger logger, string folder, string reason);
    }
}
