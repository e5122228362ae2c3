namespace Testing;

/// <summary>Reads ports from the log of a sidecar.</summary>
internal static class SidecarProcess
{
    /// <summary>Waits until the process accepts connections, and reads the first listener's port from its log.</summary>
    public static async Task<int> ListenerPortAsync(this ProgramProcess sidecar) => ListenerPortIn(await sidecar.ErrorLineAsync("accepts on"));

    /// <summary>The listener's port in such a log line.</summary>
    public static int ListenerPortIn(string line) => int.Parse(line.Split("accepts on ")[1].Split(',')[0].Split(':')[^1]);

    /// <summary>The port of an own endpoint: <c>metrics</c>, <c>health</c>, <c>admin</c>.</summary>
    public static async Task<int> EndpointPortAsync(this ProgramProcess sidecar, string name)
    {
        var line = await sidecar.ErrorLineAsync($"Serving {name} on ");
        return int.Parse(line.Split(':')[^1]);
    }
}
