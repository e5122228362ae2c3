using System.Diagnostics.Metrics;

namespace Sidecar.Tests.Support;

/// <summary>Makes meters that belong to one test.</summary>
internal sealed class MeterFactory : IMeterFactory
{
    public Meter Create(MeterOptions options)
    {
        options.Scope = this;
        return new Meter(options);
    }

    public void Dispose()
    {
    }
}
