using Chassis.Net;
using Oracle.Protocol;

namespace Oracle.Policies;

/// <summary>A question's destination as one value.</summary>
internal static class QuestionDestination
{
    /// <summary>Where the connection goes; null when the question does not tell.</summary>
    public static HostPort? Destination(this OracleQuestion question) =>
        question.Route is { Host: { } host } route ? new HostPort(host, route.Port) : null;
}
