namespace Sidecar.Hosting.Signals;

/// <summary>The orderly end of a process.</summary>
internal interface IStoppable
{
    /// <summary>Begins it; another call changes nothing.</summary>
    public void Begin();

    /// <summary>Ends what still waits, at once.</summary>
    public void Hurry();
}
