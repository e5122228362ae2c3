using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Sidecar.Benchmarks.Candidates;

/// <summary>A certificate that lives as long as the run.</summary>
internal static class SelfSigned
{
    /// <summary>What it is, for the report.</summary>
    public const string Description = "self-signed ECDSA P-256 certificate";

    /// <summary>Certificate and key in one text, as HAProxy reads them.</summary>
    public static string CreatePem()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var now = DateTimeOffset.UtcNow;
        using var certificate = request.CreateSelfSigned(now.AddHours(-1), now.AddDays(1));
        return $"{certificate.ExportCertificatePem()}\n{key.ExportPkcs8PrivateKeyPem()}\n";
    }
}
