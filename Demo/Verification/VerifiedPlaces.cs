namespace Demo.Verification;

/// <summary>Where the verification finds what it looks at.</summary>
/// <param name="Frontend">The frontend's root.</param>
/// <param name="Service">The service's root, as the frontend calls it.</param>
/// <param name="Metrics">The metrics page of each sidecar on the way, by its name.</param>
internal sealed record VerifiedPlaces(Uri Frontend, Uri Service, IReadOnlyDictionary<string, Uri> Metrics);
