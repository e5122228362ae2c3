using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Chassis.Net;
using Sidecar.Net;

namespace Sidecar.Owners;

/// <summary>
/// Finds the processes behind ends of connections of this machine, on its own task: at most 50 a second, and in at most a twentieth of
/// the time. Above that an end is not looked up.
/// </summary>
internal sealed class LocalProcesses : IAsyncDisposable
{
    /// <summary>Connections that are looked up within a second; also the most that can wait.</summary>
    public const int MostASecond = 50;

    // The pause after a search is this number of times its duration.
    private const int PauseFactor = 19;

    private const int SocketsOfEach = 4;

    // Above that a group is the root of a machine without groups: then this many are enough to find its network namespaces.
    private const int MostOfGroup = 4096;

    // The other end of a socket that listens.
    private static readonly IPEndPoint NobodyV4 = new(IPAddress.Any, 0);
    private static readonly IPEndPoint Nobody = new(IPAddress.IPv6Any, 0);

    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(1);

    private readonly Channel<Question> _questions = Channel.CreateBounded<Question>(
        new BoundedChannelOptions(MostASecond) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });

    private readonly CancellationTokenSource _ended = new();
    private readonly SocketOwners _owners;
    private readonly ControlGroups _groups = new();
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

    /// <summary>The process at the other end of one of the sidecar's connections, in this network namespace; known later, if at all.</summary>
    /// <param name="own">The sidecar's end.</param>
    /// <param name="other">The other end.</param>
    public LocalProcess Find(IPEndPoint own, IPEndPoint other) => Find(own, other, search: null);

    /// <summary>The process at an end of a connection, with its command and its container; known later, if at all.</summary>
    /// <param name="other">The other end.</param>
    /// <param name="end">The end that is looked up.</param>
    /// <param name="group">The id of the control group of its socket, in any network namespace; 0 if it is not known, for this namespace.</param>
    /// <param name="known">The process, if it is known already; null to search for it.</param>
    public LocalProcess FindDetailed(IPEndPoint other, IPEndPoint end, ulong group, ProcessName? known = null)
    {
        var folder = group == 0 ? null : _groups.Folder(group);
        var container = folder is null ? null : Container.IdOf(folder);
        if (known is null && Find(other, end, new Search(folder, container)) is { } process && (process != _otherwise || container is null))
            return process;
        process = new LocalProcess(isPending: true, _otherwise);
        process.Found(known?.Id, known?.Command, container);
        return process;
    }

    /// <summary>Ends the searches.</summary>
    public async ValueTask DisposeAsync()
    {
        _questions.Writer.TryComplete();
        await _ended.CancelAsync();
        // Each search is bounded, and it reads only the kernel's files.
        await _searching.WaitAsync(EndLimit, _time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _groups.Dispose();
    }

    private LocalProcess Find(IPEndPoint own, IPEndPoint other, Search? search)
    {
        if (!MayAsk())
            return _otherwise;
        var process = new LocalProcess(isPending: true, _otherwise);
        return _questions.Writer.TryWrite(new Question(process, NetworkAddress.Canonical(own), NetworkAddress.Canonical(other), search)) ? process : _otherwise;
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
        var left = new HashSet<Question>(questions);
        foreach (var ofGroup in questions.Where(question => question.Folder is not null).GroupBy(question => question.Folder))
            AnswerOfGroup(ofGroup.Key!, [.. ofGroup], left);
        Answer([.. left.Where(question => question.Folder is null && LocalAddress.IsLocal(question.Other.Address))], left, among: null, within: null);
        // Its process can have ended already.
        foreach (var question in left)
            question.Process.Found(null, command: null, question.Search?.Container);
    }

    private void AnswerOfGroup(string folder, List<Question> questions, HashSet<Question> left)
    {
        int[] processes = [.. ControlGroups.Processes(folder).Take(MostOfGroup)];
        foreach (var one in NetworkNamespaces.Of(processes).Values)
            Answer([.. questions.Where(left.Contains)], left, processes, one);
    }

    // In one network namespace; answered questions leave the set.
    private void Answer(List<Question> questions, HashSet<Question> left, int[]? among, int? within)
    {
        if (questions.Count == 0 || _ended.IsCancellationRequested)
            return;
        var inodes = SocketTable.FindInodes([.. questions.SelectMany(question => SocketsOf(question))], within);
        foreach (var (question, found) in questions.Zip(inodes.Chunk(SocketsOfEach)))
        {
            if (_ended.IsCancellationRequested || found.FirstOrDefault(inode => inode is not null) is not { } inode || _owners.Find(inode, among) is not { } process)
                continue;
            left.Remove(question);
            if (question.Search is { } search)
                question.Process.Found(process, FirstLine($"/proc/{process}/comm"), search.Container ?? Read($"/proc/{process}/cgroup", lines => lines.Select(Container.IdOf).FirstOrDefault(id => id is not null)));
            else
                question.Process.Found(process);
        }
    }

    private static string? FirstLine(string file) => Read(file, Enumerable.FirstOrDefault);

    // Null if it has ended meanwhile.
    private static string? Read(string file, Func<IEnumerable<string>, string?> choose)
    {
        try
        {
            return choose(File.ReadLines(file));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
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

    // A search for the command and the container too.
    private sealed record Search(string? Folder, string? Container);

    private sealed record Question(LocalProcess Process, IPEndPoint Own, IPEndPoint Other, Search? Search)
    {
        public string? Folder => Search?.Folder;
    }
}
