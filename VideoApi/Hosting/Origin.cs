using Chassis.Settings;

namespace VideoApi.Hosting;

/// <summary>The address of another service, scheme, host and port alone: its paths are part of the contract.</summary>
internal static class Origin
{
    /// <summary>Reads <c>http://host:port</c>.</summary>
    /// <exception cref="FormatException">Says what was expected.</exception>
    public static Uri Parse(string text)
    {
        var url = Values.HttpUrl(text);
        return url.AbsolutePath == "/" && url.UserInfo.Length == 0
            ? url
            : throw new FormatException("scheme, host and port alone are expected, such as http://127.0.0.1:9000");
    }
}
