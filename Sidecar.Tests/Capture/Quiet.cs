using Testing;

namespace Sidecar.Tests.Capture;

/// <summary>Waits for the end of deliveries.</summary>
internal static class Quiet
{
    /// <summary>Until a source, whose packets were all sent before, has found nothing twice: what was there then is delivered.</summary>
    public static async Task AfterAsync(Collector collector)
    {
        var idles = collector.Idles;
        await Eventually.TrueAsync(() => collector.Idles > idles + 2);
    }
}
