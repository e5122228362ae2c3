using Chassis.Records;

namespace Sidecar.Options;

/// <summary>Records of HTTP exchanges, one entry of one or several: the output, the choice of exchanges, and their content.</summary>
public sealed record ExchangeRecordOptions
{
    /// <summary>Bytes of a line by default; a usual one has some 1,200.</summary>
    public const int DefaultMaxLine = 16 * 1024;

    /// <summary>Header fields that are masked by default, because their values give access.</summary>
    public static readonly IReadOnlyList<string> SecretHeaders =
    [
        "Authorization", "Cookie", "Set-Cookie", "Proxy-Authorization", "X-Api-Key", "Api-Key", "X-Goog-Api-Key", "Ocp-Apim-Subscription-Key", "X-Functions-Key",
        "X-Auth-Token", "X-Auth-Key", "X-Access-Token", "X-Refresh-Token", "X-Session-Token", "X-Amz-Security-Token", "X-Csrf-Token", "X-Csrftoken", "X-Xsrf-Token",
        "Private-Token", "Job-Token", "X-Gitlab-Token", "X-Vault-Token", "X-Shopify-Access-Token", "X-Client-Secret", "X-Forwarded-Access-Token", "X-Amzn-Oidc-Accesstoken",
        "X-Amzn-Oidc-Data", "Cf-Access-Jwt-Assertion", "X-Goog-Iap-Jwt-Assertion", "DPoP",
    ];

    /// <summary>
    /// Parameters that are masked by default, in addition to those with a telling part in their name: names that do not say that they are
    /// secret.
    /// </summary>
    public static readonly IReadOnlyList<string> SecretParameters =
    [
        // A placeholder for these names, so that all can be left out together.
        "token", "key", "password",
        "code", "authorization_code", "verification_code", "access_code", "security_code", "reset_code", "recovery_code", "backup_code", "device_code",
        "user_code", "invite_code", "saml_response", "saml_art", "hdnts", "hdnea", "hdntl",
    ];

    /// <summary>The entry's name in the log and in metrics. An entry of a list has one; the only entry of a process has none.</summary>
    public string? Name { get; init; }

    /// <summary>How a record is written; default <c>perisco</c>.</summary>
    public string Format { get; init; } = "perisco";

    /// <summary>The output of the records.</summary>
    public required RecordOutput Output { get; init; }

    /// <summary>Most bytes that wait for the output, 2 MB to 1 GB; default 8 MB. Above that the oldest are dropped.</summary>
    public int Queue { get; init; } = LineSink.DefaultLimit;

    /// <summary>Whether records have the sidecar's own object <c>ext</c>; default on.</summary>
    public bool HasExt { get; init; } = true;

    /// <summary>The only fields of heads that are written; default null for all.</summary>
    public IReadOnlyList<string>? AllowHeaders { get; init; }

    /// <summary>Fields of heads that are left out; default none.</summary>
    public IReadOnlyList<string> DenyHeaders { get; init; } = [];

    /// <summary>Fields of heads with values that are masked; default those that give access.</summary>
    public IReadOnlyList<string> MaskHeaders { get; init; } = SecretHeaders;

    /// <summary>Parameters of addresses with values that are masked; default the usual names of secrets.</summary>
    public IReadOnlyList<string> MaskQuery { get; init; } = SecretParameters;

    /// <summary>The share of exchanges that are recorded, 0 to 1; default 1.</summary>
    public double Sample { get; init; } = 1;

    /// <summary>
    /// Whether errors are recorded even if the share leaves them out (a status of 400 or more, a gRPC status other than 0, an exchange that
    /// was not completed); default on.
    /// </summary>
    public bool AlwaysErrors { get; init; } = true;

    /// <summary>Most bytes of a line, 4 KB to 1 MB; default 16 KB. A longer record is cut and says so in <c>ext.truncated</c>.</summary>
    public int MaxLine { get; init; } = DefaultMaxLine;

    /// <summary>Bytes of records a second for one connection, on average, with twice as many at once; null for no limit; default 1 MB, which is some 1,700 usual records.</summary>
    public long? ConnectionRate { get; init; } = 1024 * 1024;

    /// <summary>
    /// The same for all connections of one client together; default 2 MB: twice as much at once is half of the default queue.
    /// </summary>
    public long? ClientRate { get; init; } = 2 * 1024 * 1024;

    /// <summary>Patterns of recorded paths; those with <c>!</c> exclude; default none, for all paths.</summary>
    public IReadOnlyList<string> Paths { get; init; } = [];

    /// <summary>Networks of the servers with recorded exchanges; those with <c>!</c> exclude; default none, for all.</summary>
    public IReadOnlyList<string> Cidrs { get; init; } = [];

    /// <summary>The versions of HTTP that are recorded; default all.</summary>
    public RecordProtocols Protocols { get; init; } = RecordProtocols.All;

    /// <summary>Whether both write the same line for an exchange. Lists with the same names are equal.</summary>
    internal bool WritesAs(ExchangeRecordOptions other) => Output.Key == other.Output.Key && Output.LinesOf(Format) == other.Output.LinesOf(other.Format) && this == other with
    {
        Name = Name,
        Output = Output,
        Queue = Queue,
        Sample = Sample,
        AlwaysErrors = AlwaysErrors,
        Paths = Paths,
        Cidrs = Cidrs,
        Protocols = Protocols,
        ConnectionRate = ConnectionRate,
        ClientRate = ClientRate,
        AllowHeaders = IfSame(AllowHeaders, other.AllowHeaders),
        DenyHeaders = IfSame(DenyHeaders, other.DenyHeaders)!,
        MaskHeaders = IfSame(MaskHeaders, other.MaskHeaders)!,
        MaskQuery = IfSame(MaskQuery, other.MaskQuery)!,
    };

    /// <summary>Its name in the log and in <c>check</c>.</summary>
    public override string ToString() => Name is null ? $"{Format} to {Output.Description}" : $"{Name} ({Format} to {Output.Description})";

    private static IReadOnlyList<string>? IfSame(IReadOnlyList<string>? own, IReadOnlyList<string>? others) =>
        own is not null && others is not null && own.SequenceEqual(others) ? own : others;
}
