using Chassis.Records;

namespace Sidecar.Options;

/// <summary>Records of HTTP exchanges: where to, which, and what of them.</summary>
public sealed record ExchangeRecordOptions
{
    /// <summary>Bytes of a line by default; a usual one has some 1,200.</summary>
    public const int DefaultMaxLine = 16 * 1024;

    /// <summary>Header fields that are masked by default: what lets its bearer in.</summary>
    public static readonly IReadOnlyList<string> SecretHeaders =
    [
        "Authorization", "Cookie", "Set-Cookie", "Proxy-Authorization", "X-Api-Key", "Api-Key", "X-Goog-Api-Key", "Ocp-Apim-Subscription-Key", "X-Functions-Key",
        "X-Auth-Token", "X-Auth-Key", "X-Access-Token", "X-Refresh-Token", "X-Session-Token", "X-Amz-Security-Token", "X-Csrf-Token", "X-Csrftoken", "X-Xsrf-Token",
        "Private-Token", "Job-Token", "X-Gitlab-Token", "X-Vault-Token", "X-Shopify-Access-Token", "X-Client-Secret", "X-Forwarded-Access-Token", "X-Amzn-Oidc-Accesstoken",
        "X-Amzn-Oidc-Data", "Cf-Access-Jwt-Assertion", "X-Goog-Iap-Jwt-Assertion", "DPoP",
    ];

    /// <summary>Parameters that are masked by default beside those whose name tells it: names of which no part says that they are secret.</summary>
    public static readonly IReadOnlyList<string> SecretParameters =
    [
        // Stands for those, so that all can be left out together.
        "token", "key", "password",
        "code", "authorization_code", "verification_code", "access_code", "security_code", "reset_code", "recovery_code", "backup_code", "device_code",
        "user_code", "invite_code", "saml_response", "saml_art", "hdnts", "hdnea", "hdntl",
    ];

    /// <summary>A file, or <c>-</c> for stdout.</summary>
    public required string Path { get; init; }

    /// <summary>The option or key that named <see cref="Path"/>.</summary>
    public string Origin { get; init; } = "default";

    /// <summary>How a record is written; default <c>perisco</c>.</summary>
    public RecordFormat Format { get; init; } = RecordFormat.Perisco;

    /// <summary>Whether records have the sidecar's own object <c>ext</c>; default on.</summary>
    public bool HasExt { get; init; } = true;

    /// <summary>The only fields of heads that are written; default null, which is all.</summary>
    public IReadOnlyList<string>? AllowHeaders { get; init; }

    /// <summary>Fields of heads that are left out; default none.</summary>
    public IReadOnlyList<string> DenyHeaders { get; init; } = [];

    /// <summary>Fields of heads whose values are masked; default those that let their bearer in.</summary>
    public IReadOnlyList<string> MaskHeaders { get; init; } = SecretHeaders;

    /// <summary>Parameters of addresses whose values are masked; default the usual names of secrets.</summary>
    public IReadOnlyList<string> MaskQuery { get; init; } = SecretParameters;

    /// <summary>The share of exchanges that are recorded, 0 to 1; default 1.</summary>
    public double Sample { get; init; } = 1;

    /// <summary>Whether errors are recorded whatever the share (a status from 400 on, a gRPC status other than 0, an exchange that was not completed); default on.</summary>
    public bool AlwaysErrors { get; init; } = true;

    /// <summary>Most bytes of a line, 4 KB to 1 MB; default 16 KB. A longer record is cut and says so in <c>ext.truncated</c>.</summary>
    public int MaxLine { get; init; } = DefaultMaxLine;

    /// <summary>Bytes of records a second for one connection, on average, with twice as many at once; null for no limit; default 1 MB, which is some 1,700 usual records.</summary>
    public long? ConnectionRate { get; init; } = 1024 * 1024;

    /// <summary>The same for all connections of one client together; default 2 MB: twice as much at once is half of what may wait to be written.</summary>
    public long? ClientRate { get; init; } = 2 * 1024 * 1024;

    /// <summary>Patterns of paths that are recorded, with <c>!</c> of those that are not; default none, which is all.</summary>
    public IReadOnlyList<string> Paths { get; init; } = [];

    /// <summary>When the file gives way to a new one; default at 100 MB, with five old files kept.</summary>
    public LineRotation? Rotation { get; init; } = new(100L * 1024 * 1024, Age: null, Keep: 5);
}
