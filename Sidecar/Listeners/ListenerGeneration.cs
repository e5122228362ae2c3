using Microsoft.AspNetCore.Connections;
using Sidecar.Options;

namespace Sidecar.Listeners;

/// <summary>A listener as one configuration has it.</summary>
/// <param name="Number">The configuration's: 1 for that of the start, one more for each that replaced it.</param>
/// <param name="Options">What is said of it.</param>
/// <param name="Pipeline">The stages of the connections that are accepted meanwhile.</param>
internal sealed record ListenerGeneration(int Number, ListenerOptions Options, ConnectionDelegate Pipeline);
