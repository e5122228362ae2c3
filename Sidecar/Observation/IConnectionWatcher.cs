namespace Sidecar.Observation;

/// <summary>Who is told what one connection is found to do.</summary>
internal interface IConnectionWatcher : IExchangeSink
{
    /// <summary>From here on the connection is only relayed. Told once at most, behind all exchanges.</summary>
    public void OnUnobservable(ObservationFault fault);

    /// <summary>An observer threw: it is not called again, and the connection goes on.</summary>
    public void OnBug(Exception bug);

    /// <summary>Has something run soon: on the thread that feeds the observer if it is always the same, else on any.</summary>
    public void Post(SendOrPostCallback call, object state);
}
