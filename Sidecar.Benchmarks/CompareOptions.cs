namespace Sidecar.Benchmarks;

/// <summary>What the user asked to compare.</summary>
/// <param name="Rounds">Times that every step is put on every candidate, at most.</param>
/// <param name="Seconds">Length of each load.</param>
/// <param name="Budget">No round begins that would end later, counted from the start; null for no limit.</param>
/// <param name="Steps">Names of the steps to do.</param>
/// <param name="Candidates">Names of the candidates to measure.</param>
/// <param name="SidecarDll">The build to measure; null: the repository's.</param>
/// <param name="SidecarArgs">Further words of each sidecar's command line.</param>
/// <param name="Json">Gets every figure; null for none.</param>
/// <param name="Output">Gets the report as Markdown; null for none.</param>
internal sealed record CompareOptions(
    int Rounds, int Seconds, TimeSpan? Budget, IReadOnlyList<string> Steps, IReadOnlyList<string> Candidates,
    FileInfo? SidecarDll, string SidecarArgs, FileInfo? Json, FileInfo? Output);
