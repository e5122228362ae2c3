namespace Testing;

/// <summary>What a sidecar's log says of itself.</summary>
internal static class SidecarProcess
{
    /// <summary>Waits until the process accepts and reads the first listener's port from its log.</summary>
    public static async Task<int> ListenerPortAsync(this ProgramProcess sidecar) => ListenerPortIn(await sidecar.ErrorLineAsync("accepts on"));

    /// <summary>The port in the line that says so.</summary>
    public static int ListenerPortIn(string line) => int.Parse(line.Split("accepts on ")[1].Split(',')[0].Split(':')[^1]);

    /// <summary>The port of one of its own endpoints: <c>metrics</c>, <c>health</c>, <c>admin</c>.</summary>
    public static async Task<int> EndpointPortAsync(this ProgramProcess sidecar, string name)
    {
        var line = await sidecar.ErrorLineAsync($"Serving {name} on ");
        return int.Parse(line.Split(':')[^1]);
    }
}
