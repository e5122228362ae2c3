namespace Sidecar.Options;

/// <summary>How a record is written.</summary>
public enum RecordFormat
{
    /// <summary>As perisco's first version wrote it.</summary>
    Perisco,
}
