namespace Sidecar.Options;

/// <summary>The options in force. A reload replaces them as a whole; code that reads a limit from here gets the latest one.</summary>
internal sealed class CurrentOptions(SidecarOptions first)
{
    private volatile SidecarOptions _value = first;

    public SidecarOptions Value
    {
        get => _value;
        set => _value = value;
    }
}
