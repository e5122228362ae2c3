using System.Net;
using Chassis;
using Chassis.Net;
using Oracle.Configuration;

namespace Oracle.Serving;

/// <summary>The ports, claimed before anything else starts.</summary>
internal sealed class Listeners : IDisposable
{
    // More default ports than one machine ever has Oracles.
    private const int LastServicePort = OptionsReader.DefaultServicePort + 98;

    /// <summary>Claims all ports.</summary>
    /// <exception cref="UsageException">A port is not available.</exception>
    public Listeners(OracleOptions options)
    {
        try
        {
            Wire = Sockets.Bind(options.Listen.Address, options.Listen.Origin ?? "--" + Keys.Listen);
            var shared = options.Metrics.Address.Equals(options.Health.Address);
            // Named ports first, so that a default port never takes a port that the user named.
            if (options.Metrics.Origin is null && options.Health.Origin is not null)
            {
                Health = Bind(options.Health, "--health-address");
                Metrics = shared ? Health : Bind(options.Metrics, "--metrics-address");
            }
            else
            {
                Metrics = Bind(options.Metrics, "--metrics-address");
                Health = shared ? Metrics : Bind(options.Health, "--health-address");
            }
        }
        catch
        {
            Sockets.Dispose();
            throw;
        }
    }

    /// <summary>The claimed sockets, for the server to take over.</summary>
    public ListenSockets Sockets { get; } = new();

    /// <summary>The address for questions.</summary>
    public IPEndPoint Wire { get; }

    /// <summary>The address of metrics.</summary>
    public IPEndPoint Metrics { get; }

    /// <summary>The address of health; the same as metrics if they share it.</summary>
    public IPEndPoint Health { get; }

    /// <summary>Closes the sockets that the server did not take over.</summary>
    public void Dispose() => Sockets.Dispose();

    private IPEndPoint Bind(ListenOption endpoint, string option) => endpoint.Origin is { } origin
        ? Sockets.Bind(endpoint.Address, origin)
        : Sockets.BindDefault(endpoint.Address, LastServicePort, option);
}
