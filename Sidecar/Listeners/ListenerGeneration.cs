using Microsoft.AspNetCore.Connections;
using Sidecar.Options;

namespace Sidecar.Listeners;

/// <summary>A listener with the options of one configuration.</summary>
/// <param name="Number">The configuration's number: 1 for that of the start, and one more for each new one.</param>
/// <param name="Options">Its options.</param>
/// <param name="Pipeline">The stages of the connections that it accepts.</param>
internal sealed record ListenerGeneration(int Number, ListenerOptions Options, ConnectionDelegate Pipeline);
