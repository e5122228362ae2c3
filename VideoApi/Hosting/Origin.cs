using System.CommandLine;
using Chassis.Settings;

namespace VideoApi.Hosting;

/// <summary>The address of another service, only scheme, host and port, because its paths are part of the contract.</summary>
internal static class Origin
{
    /// <summary>An option with such a value.</summary>
    public static Option<string?> CreateOption(string name, string description) => new(name) { HelpName = "URL", Description = description };

    /// <summary>The value of an option, or a fallback if it is not given.</summary>
    /// <exception cref="Chassis.UsageException">It cannot be parsed.</exception>
    public static Uri Read(ParseResult result, Option<string?> option, Uri fallback)
    {
        if (result.GetValue(option) is not { } text)
            return fallback;
        try
        {
            return Parse(text);
        }
        catch (FormatException reason)
        {
            throw new Setting(option.Name, text, option.Name).Error(reason.Message);
        }
    }

    /// <summary>Reads <c>http://host:port</c>.</summary>
    /// <exception cref="FormatException">Says what was expected.</exception>
    public static Uri Parse(string text)
    {
        var url = Values.HttpUrl(text);
        return url.AbsolutePath == "/" && url.UserInfo.Length == 0
            ? url
            : throw new FormatException("only scheme, host and port are expected, such as http://127.0.0.1:9000");
    }
}
