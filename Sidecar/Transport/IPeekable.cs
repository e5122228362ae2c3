namespace Sidecar.Transport;

/// <summary>A connection that can be asked whether its peer has said anything, without reading it.</summary>
internal interface IPeekable
{
    /// <summary>Whether bytes, an end or an error wait to be read. Only who may read may ask.</summary>
    public bool HasNews { get; }
}
