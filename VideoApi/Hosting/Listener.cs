using System.Net;

namespace VideoApi.Hosting;

/// <summary>Where a service listens and how much it logs.</summary>
/// <param name="Address">Address and port; port 0 takes any free one.</param>
/// <param name="Source">The option or word of the command line that named the address.</param>
/// <param name="LogLevel">Least level that is logged.</param>
internal sealed record Listener(IPEndPoint Address, string Source, LogLevel LogLevel);
