namespace Sidecar.Options;

/// <summary>The options in force. A reload replaces them whole; whoever reads a limit from here has the latest one.</summary>
internal sealed class CurrentOptions(SidecarOptions first)
{
    private volatile SidecarOptions _value = first;

    public SidecarOptions Value
    {
        get => _value;
        set => _value = value;
    }
}
