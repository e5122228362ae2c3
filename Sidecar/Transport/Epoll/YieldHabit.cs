namespace Sidecar.Transport.Epoll;

/// <summary>
/// Whether a loop yields the processor before it sleeps. On busy cores its peers then cause the next events, and this costs less than
/// a sleep and a wake-up for each event. If yielding brings no events, it is tried rarely.
/// </summary>
internal struct YieldHabit
{
    // This number of failures in a row ends the habit.
    private const int MaxCredit = 16;

    // Without the habit, the loop tries it once in this number of sleeps.
    private const int ProbeEvery = 64;

    private int _credit;
    private int _sleeps;

    public bool IsWorthATry() => _credit > 0 || ++_sleeps % ProbeEvery == 0;

    public void Note(bool found) => _credit = Math.Clamp(_credit + (found ? 1 : -1), 0, MaxCredit);
}
