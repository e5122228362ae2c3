using Chassis.Net;
using Oracle.Protocol;

namespace Oracle.Policies;

/// <summary>The destination of a question as one value.</summary>
internal static class QuestionDestination
{
    /// <summary>The destination; null if the question does not name it.</summary>
    public static HostPort? Destination(this OracleQuestion question) =>
        question.Route is { Host: { } host } route ? new HostPort(host, route.Port) : null;
}
