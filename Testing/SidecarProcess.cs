namespace Testing;

/// <summary>What a sidecar's log says of itself.</summary>
internal static class SidecarProcess
{
    /// <summary>Waits until the process accepts and reads the first listener's port from its log.</summary>
    public static async Task<int> ListenerPortAsync(this ProgramProcess sidecar)
    {
        var line = await sidecar.ErrorLineAsync("accepts on");
        var address = line.Split("accepts on ")[1].Split(',')[0];
        return int.Parse(address.Split(':')[^1]);
    }

    /// <summary>The port of one of its own endpoints: <c>metrics</c>, <c>health</c>, <c>admin</c>.</summary>
    public static async Task<int> EndpointPortAsync(this ProgramProcess sidecar, string name)
    {
        var line = await sidecar.ErrorLineAsync($"Serving {name} on ");
        return int.Parse(line.Split(':')[^1]);
    }
}
