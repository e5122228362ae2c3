namespace Sidecar.Kubernetes;

/// <summary>What is known of one kind of objects. One thread writes; any thread may ask meanwhile, and never waits.</summary>
internal interface IResourceIndex
{
    /// <summary>Objects that are known.</summary>
    public int Count { get; }

    /// <summary>An object is there, or has changed.</summary>
    /// <returns>False if there was no room for it.</returns>
    public bool Set(Resource resource);

    /// <summary>An object is gone.</summary>
    public void Remove(Resource resource);
}
