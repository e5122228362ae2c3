using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Chassis.Net;
using Sidecar.Net;

namespace Sidecar.Records.Exchanges;

/// <summary>
/// Finds the processes behind connections of this machine, on its own task: at most 50 a second, and in at most a twentieth of
/// the time. Above that a connection is not looked up.
/// </summary>
internal sealed class LocalProcesses : IAsyncDisposable
{
    /// <summary>Connections that are looked up within a second; also the most that can wait.</summary>
    public const int MostASecond = 50;

    // The pause after a search is this number of times its duration.
    private const int PauseFactor = 19;

    private const int SocketsOfEach = 4;

    // The other end of a socket that listens.
    private static readonly IPEndPoint NobodyV4 = new(IPAddress.Any, 0);
    private static readonly IPEndPoint Nobody = new(IPAddress.IPv6Any, 0);

    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(1);

    private readonly Channel<Question> _questions = Channel.CreateBounded<Question>(
        new BoundedChannelOptions(MostASecond) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });

    private readonly CancellationTokenSource _ended = new();
    private readonly SocketOwners _owners;
    private readonly Lock _lock = new();
    private readonly TimeProvider _time;
    private readonly Task _searching;
    private long _second;
    private int _asked;

    private readonly LocalProcess _otherwise;

    /// <param name="time">The process's clock.</param>
    /// <param name="otherwise">The process of a connection that is not looked up; null for this one.</param>
    public LocalProcesses(TimeProvider time, LocalProcess? otherwise = null)
    {
        (_time, _otherwise) = (time, otherwise ?? LocalProcess.Own);
        _owners = new SocketOwners(time);
        _second = time.GetTimestamp();
        _searching = Task.Run(SearchAsync);
    }

    /// <summary>The process at the other end of one of the sidecar's connections; known later, if at all.</summary>
    /// <param name="own">The sidecar's end.</param>
    /// <param name="other">The other end.</param>
    public LocalProcess Find(IPEndPoint own, IPEndPoint other)
    {
        if (!MayAsk())
            return _otherwise;
        var process = new LocalProcess(isPending: true, _otherwise);
        return _questions.Writer.TryWrite(new Question(process, NetworkAddress.Canonical(own), NetworkAddress.Canonical(other))) ? process : _otherwise;
    }

    /// <summary>Ends the searches.</summary>
    public async ValueTask DisposeAsync()
    {
        _questions.Writer.TryComplete();
        await _ended.CancelAsync();
        // Each search is bounded, and it reads only the kernel's files.
        await _searching.WaitAsync(EndLimit, _time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private bool MayAsk()
    {
        lock (_lock)
        {
            var now = _time.GetTimestamp();
            if (_time.GetElapsedTime(_second, now) >= TimeSpan.FromSeconds(1))
                (_second, _asked) = (now, 0);
            return _asked++ < MostASecond;
        }
    }

    private async Task SearchAsync()
    {
        var questions = new List<Question>();
        while (await _questions.Reader.WaitToReadAsync(CancellationToken.None))
        {
            while (_questions.Reader.TryRead(out var question))
                questions.Add(question);
            var started = _time.GetTimestamp();
            try
            {
                Answer(questions);
            }
            catch (Exception error) when (error is IOException or SocketException)
            {
                // No descriptor is left for the search. Earlier results stay.
                questions.ForEach(question => question.Process.Found(null));
            }

            questions.Clear();
            await PauseAsync(PauseFactor * _time.GetElapsedTime(started));
        }
    }

    private void Answer(List<Question> questions)
    {
        List<Question> local = [.. questions.Where(q => !_ended.IsCancellationRequested && LocalAddress.IsLocal(q.Other.Address))];
        var inodes = local.Count == 0 ? [] : SocketTable.FindInodes([.. local.SelectMany(q => SocketsOf(q))]);
        foreach (var (question, found) in local.Zip(inodes.Chunk(SocketsOfEach)))
            question.Process.Found(found.FirstOrDefault(inode => inode is not null) is { } known && !_ended.IsCancellationRequested ? _owners.Find(known) : null);
        foreach (var question in questions.Except(local))
            question.Process.Found(null);
    }

    // The connection's own, or, when that is closed already, one that listens there.
    private static (IPEndPoint Local, IPEndPoint Remote)[] SocketsOf(Question question) =>
    [
        (question.Other, question.Own),
        (question.Other, question.Other.AddressFamily == AddressFamily.InterNetwork ? NobodyV4 : Nobody),
        (new IPEndPoint(IPAddress.Any, question.Other.Port), NobodyV4),
        (new IPEndPoint(IPAddress.IPv6Any, question.Other.Port), Nobody),
    ];

    private async Task PauseAsync(TimeSpan pause)
    {
        pause = pause < LongestPause ? pause : LongestPause;
        // Timers count milliseconds.
        if (pause >= TimeSpan.FromMilliseconds(1))
            await Task.Delay(pause, _time, _ended.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private readonly record struct Question(LocalProcess Process, IPEndPoint Own, IPEndPoint Other);
}
