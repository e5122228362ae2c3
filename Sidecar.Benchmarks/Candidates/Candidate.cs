using ByteFilters;
using Demo.Programs;
using Processes;

namespace Sidecar.Benchmarks.Candidates;

/// <summary>Something that relays connections to the origin, and is measured.</summary>
/// <param name="Name">The word on the command line and in JSON.</param>
/// <param name="Title">The heading of its column.</param>
/// <param name="Transform">What bytes go through on their way to the upstream; nobody takes it back there.</param>
/// <param name="Build">Its processes, in the order in which they start; the ports are those it accepts on.</param>
internal sealed record Candidate(string Name, string Title, TransformExpression Transform, Func<Workshop, FreePorts, RelayPorts, IReadOnlyList<CandidatePart>> Build);

/// <summary>One process of a candidate.</summary>
/// <param name="Command">How it is run.</param>
/// <param name="Port">Accepts connections once the process is ready.</param>
internal sealed record CandidatePart(ProcessCommand Command, int Port);
