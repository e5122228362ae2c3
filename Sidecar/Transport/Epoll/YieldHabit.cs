namespace Sidecar.Transport.Epoll;

/// <summary>
/// Whether a loop gives the processor away before it sleeps. On busy cores its peers then bring the next events, which costs less
/// than a sleep and a wake-up for each; where that finds nothing, it is tried rarely.
/// </summary>
internal struct YieldHabit
{
    // So many failures in a row end the habit.
    private const int MaxCredit = 16;

    // Without the habit, one sleep of so many is preceded by a try.
    private const int ProbeEvery = 64;

    private int _credit;
    private int _sleeps;

    public bool IsWorthATry() => _credit > 0 || ++_sleeps % ProbeEvery == 0;

    public void Note(bool found) => _credit = Math.Clamp(_credit + (found ? 1 : -1), 0, MaxCredit);
}
