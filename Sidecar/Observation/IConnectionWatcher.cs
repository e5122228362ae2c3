namespace Sidecar.Observation;

/// <summary>Gets what is observed on one connection.</summary>
internal interface IConnectionWatcher : IExchangeSink
{
    /// <summary>From here on the connection is only relayed. Called at most once, after all exchanges.</summary>
    public void OnUnobservable(ObservationFault fault);

    /// <summary>An observer threw: it is not called again, and the connection continues.</summary>
    public void OnBug(Exception bug);

    /// <summary>Runs a call soon: on the thread that feeds the observer if it is always the same one, otherwise on any.</summary>
    public void Post(SendOrPostCallback call, object state);
}
