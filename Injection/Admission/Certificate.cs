using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Chassis;
using Chassis.Settings;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Injection.Admission;

/// <summary>The certificate of the webhook, from two PEM files. It is read again when the files change, as in a Secret's volume.</summary>
internal sealed partial class Certificate : BackgroundService
{
    private readonly string _certificate;
    private readonly string _key;
    private readonly FileWatch _watch;
    private readonly ILogger<Certificate> _logger;
    private volatile SslStreamCertificateContext _current;

    /// <summary>Reads the files.</summary>
    /// <param name="certificate">The certificate, with those of its issuers behind it.</param>
    /// <param name="key">Its private key.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Gets a line for each change.</param>
    /// <exception cref="UsageException">A file cannot be read, or the two do not belong together.</exception>
    public Certificate(string certificate, string key, TimeProvider time, ILogger<Certificate> logger)
    {
        (_certificate, _key, _logger) = (certificate, key, logger);
        var both = ReadBoth();
        _watch = new FileWatch(certificate, ReadBoth, both, time);
        _current = Parse(both);
    }

    /// <summary>The certificate in force.</summary>
    public SslStreamCertificateContext Current => _current;

    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => _watch.RunAsync(
        async (told, cancel) =>
        {
            if (await _watch.LookAsync(told, cancel) is not { } seen)
                return;
            try
            {
                _current = Parse(seen.Text ?? throw new UsageException(seen.Error!));
                Log.Changed(_logger, _certificate, _current.TargetCertificate.NotAfter);
            }
            catch (UsageException error)
            {
                Log.Refused(_logger, error.Message);
            }
        },
        stoppingToken);

    private string ReadBoth() => $"{YamlSource.ReadText(_certificate, "--certificate")}\n{YamlSource.ReadText(_key, "--key")}";

    // PEM blocks name what they are, so one text can have both.
    private SslStreamCertificateContext Parse(string both)
    {
        try
        {
            var issuers = new X509Certificate2Collection();
            issuers.ImportFromPem(both);
            return SslStreamCertificateContext.Create(X509Certificate2.CreateFromPem(both, both), issuers, offline: true);
        }
        catch (Exception error) when (error is CryptographicException or ArgumentException)
        {
            throw new UsageException($"--certificate '{_certificate}', --key '{_key}': {OneLine.Of(error.Message)}", error);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(120, LogLevel.Information, "The certificate in {Path} has changed and is in force; it is valid until {End:u}")]
        public static partial void Changed(ILogger logger, string path, DateTime end);

        [LoggerMessage(121, LogLevel.Error, "The changed certificate is not taken, and the old one stays in force: {Reason}")]
        public static partial void Refused(ILogger logger, string reason);
    }
}
