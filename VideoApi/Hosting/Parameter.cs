using System.CommandLine;
using Chassis;
using Chassis.Settings;

namespace VideoApi.Hosting;

/// <summary>One value of a command line that can be given by position or by name, not both.</summary>
/// <param name="word">Its name as a positional word.</param>
/// <param name="option">Its name as an option.</param>
/// <param name="value">The name of the option's value in the help.</param>
/// <param name="description">One line of help.</param>
/// <param name="parse">Throws <see cref="FormatException"/> with what was expected.</param>
/// <param name="fallback">The default as text; null if there is none.</param>
internal sealed class Parameter<T>(string word, string option, string value, string description, Func<string, T> parse, string? fallback)
{
    private readonly Argument<string?> _word = new(word) { Arity = ArgumentArity.ZeroOrOne, Description = $"The same as {option}." };
    private readonly Option<string?> _option = new(option)
    {
        HelpName = value,
        Description = fallback is null ? description : $"{description} [default: {fallback}]",
    };

    /// <summary>Adds both forms to a command.</summary>
    public void AddTo(Command command)
    {
        command.Arguments.Add(_word);
        command.Options.Add(_option);
    }

    /// <summary>The value and the form that named it.</summary>
    /// <exception cref="UsageException">It is missing, given twice or cannot be parsed.</exception>
    public (T Value, string Source) Read(ParseResult result)
    {
        var (byPosition, byName) = (result.GetValue(_word), result.GetValue(_option));
        if (byPosition is not null && byName is not null)
            throw new UsageException($"{option} '{byName}': <{word}> already says '{byPosition}'; give one of the two");
        var text = byPosition ?? byName ?? fallback ?? throw new UsageException($"{option} {value} is missing; see --help");
        var setting = new Setting(option, text, byPosition is null ? option : $"<{word}>");
        try
        {
            return (parse(text), setting.Origin);
        }
        catch (FormatException reason)
        {
            throw setting.Error(reason.Message);
        }
    }
}
