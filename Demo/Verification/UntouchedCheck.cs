namespace Demo.Verification;

/// <summary>Shows that what crossed a way without sidecars crossed as it is.</summary>
internal static class UntouchedCheck
{
    /// <summary>Notes each answer with bytes that did not cross unchanged, and each connection that is not plain HTTP.</summary>
    public static void Check(TappedWay way, IReadOnlyList<WebAnswer> fetched, Findings findings)
    {
        var answers = new List<byte[]>();
        foreach (var connection in way.Connections)
        {
            findings.Check(connection.ToTarget.IsComplete && connection.FromTarget.IsComplete,
                $"a connection between {way.Between} carried more than could be recorded");
            findings.Check(connection.ToTarget.Sample().AsSpan().StartsWith("GET /"u8), $"a connection between {way.Between} does not begin with a plain HTTP request");
            answers.Add(connection.FromTarget.Sample());
        }

        foreach (var answer in fetched.Where(a => a.Body.Length > 0))
            findings.Check(answers.Exists(bytes => bytes.AsSpan().IndexOf(answer.Body) >= 0), $"{answer.Url}: its bytes did not cross between {way.Between} as they are");
    }
}
