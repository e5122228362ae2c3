using System.Net;
using Sidecar.Records.Exchanges.Outputs.Http;
using Xunit;

namespace Sidecar.Tests.Records.Exchanges.Outputs;

public sealed class RetryAfterTests
{
    [Theory]
    [InlineData(null, null)]
    [InlineData("7", 7)]
    [InlineData("Tue, 01 Dec 2026 10:00:30 GMT", 30)]
    [InlineData("Tue, 01 Dec 2026 09:59:50 GMT", -10)]
    [InlineData("soon", null)]
    public void Wait_IsInSecondsOrUntilADate(string? value, int? seconds)
    {
        using var response = new HttpResponseMessage(HttpStatusCode.ServiceUnavailable);
        response.Headers.Date = new DateTimeOffset(2026, 12, 1, 10, 0, 0, TimeSpan.Zero);
        if (value is not null)
            response.Headers.TryAddWithoutValidation("Retry-After", value);

        Assert.Equal(seconds is null ? null : TimeSpan.FromSeconds(seconds.Value), RetryAfter.Of(response.Headers));
    }
}
