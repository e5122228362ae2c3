using Chassis.Records;

namespace Sidecar.Options;

/// <summary>Records of HTTP exchanges, one entry of perhaps several: where to, which, and what of them.</summary>
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

    /// <summary>The only one of a process has none; one of a list has its own, by which log and metrics call it.</summary>
    public string? Name { get; init; }

    /// <summary>How a record is written; default <c>perisco</c>.</summary>
    public string Format { get; init; } = "perisco";

    /// <summary>Where records go.</summary>
    public required RecordOutput Output { get; init; }

    /// <summary>Most bytes that wait for the output, 2 MB to 1 GB; default 8 MB. Of more the oldest are dropped.</summary>
    public int Queue { get; init; } = LineSink.DefaultLimit;

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

    /// <summary>Whether both write the same line for an exchange. Lists of the same names are the same.</summary>
    internal bool WritesAs(ExchangeRecordOptions other) => this == other with
    {
        Name = Name,
        Output = Output,
        Queue = Queue,
        Sample = Sample,
        AlwaysErrors = AlwaysErrors,
        Paths = Paths,
        ConnectionRate = ConnectionRate,
        ClientRate = ClientRate,
        AllowHeaders = IfSame(AllowHeaders, other.AllowHeaders),
        DenyHeaders = IfSame(DenyHeaders, other.DenyHeaders)!,
        MaskHeaders = IfSame(MaskHeaders, other.MaskHeaders)!,
        MaskQuery = IfSame(MaskQuery, other.MaskQuery)!,
    };

    /// <summary>How log and <c>check</c> call it.</summary>
    public override string ToString() => Name is null ? $"{Format} to {Output.Description}" : $"{Name} ({Format} to {Output.Description})";

    private static IReadOnlyList<string>? IfSame(IReadOnlyList<string>? own, IReadOnlyList<string>? others) =>
        own is not null && others is not null && own.SequenceEqual(others) ? own : others;
}
