using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Chassis.Net;

/// <summary>Certificate authorities of a file, for connections to servers that the system does not know.</summary>
public static class Authorities
{
    /// <summary>The authorities of a PEM file; null for the system's.</summary>
    /// <param name="file">The file; null for none.</param>
    /// <param name="setting">The setting that names it.</param>
    /// <exception cref="UsageException">There is none in it, or it cannot be read.</exception>
    public static X509Certificate2Collection? Read(string? file, string setting)
    {
        if (file is null)
            return null;
        try
        {
            var authorities = new X509Certificate2Collection();
            authorities.ImportFromPemFile(file);
            return authorities.Count > 0 ? authorities : throw new UsageException($"{setting} '{file}': there is no certificate in PEM in it");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new UsageException($"{setting} '{file}': {OneLine.Of(error.Message)}", error);
        }
    }

    /// <summary>Options of TLS that trust these alone; null for the system's.</summary>
    public static SslClientAuthenticationOptions Trusting(X509Certificate2Collection? authorities)
    {
        if (authorities is null)
            return new SslClientAuthenticationOptions();
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.AddRange(authorities);
        return new SslClientAuthenticationOptions { CertificateChainPolicy = policy };
    }
}
