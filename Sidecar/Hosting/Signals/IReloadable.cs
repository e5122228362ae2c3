namespace Sidecar.Hosting.Signals;

/// <summary>Reads its configuration again when SIGHUP comes.</summary>
internal interface IReloadable
{
    /// <summary>Begins to read it; any thread can call it.</summary>
    public void Tell();
}
