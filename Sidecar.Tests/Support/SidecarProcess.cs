namespace Sidecar.Tests.Support;

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
}
