using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;

namespace Chassis;

/// <summary>Runs a command line the same way in every program: help, errors of one line each, exit codes.</summary>
public static class ProgramShell
{
    /// <summary>
    /// Exit code of a usage error (bad option, bad configuration, port in use), as for curl, HAProxy and similar programs.
    /// </summary>
    public const int UsageExitCode = 2;

    /// <summary>
    /// The exit code that a shell shows for a program that SIGPIPE has ended, which is the usual end when the reader has left.
    /// </summary>
    public const int ReaderLeftExitCode = 128 + 13;

    /// <summary>Parses and runs <paramref name="command"/>; each usage error becomes a line on stderr, and the exit code is 2.</summary>
    /// <param name="command">The program's root command; its name starts every error line.</param>
    /// <param name="args">The words of the command line.</param>
    /// <param name="epilog">Text below the options of <c>--help</c>: positional forms and examples.</param>
    public static async Task<int> RunAsync(RootCommand command, string[] args, string epilog = "")
    {
        var name = Path.GetFileNameWithoutExtension(Environment.GetCommandLineArgs()[0]);
        ExtendHelp(command, epilog);
        try
        {
            // Response files off: "@name" is an ordinary word. Signals belong to the host, not to the parser.
            var parsed = command.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
            if (parsed.Action is not { ClearsParseErrors: true })
                RefuseErrors(parsed);
            return await parsed.InvokeAsync(new InvocationConfiguration
            {
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null,
            });
        }
        catch (UsageException error)
        {
            foreach (var line in error.Lines)
                await Console.Error.WriteLineAsync($"{name}: {line}");
            return UsageExitCode;
        }
    }

    private static void RefuseErrors(ParseResult parsed)
    {
        // The parser takes a misspelt option for a positional word and then complains about the next word.
        if (parsed.Tokens.Except(ForOthers(parsed)).FirstOrDefault(t => t.Type == TokenType.Argument && t.Value.StartsWith("--", StringComparison.Ordinal)) is { } option)
            throw new UsageException($"'{option.Value}': unknown option; try --help");
        // The parser's first complaint can be a missing command, which does not name the word that is wrong.
        if (parsed.UnmatchedTokens is [var word, ..])
            throw new UsageException($"Unrecognized command or argument '{word}'; try --help");
        if (parsed.Errors.Count > 0)
            throw new UsageException($"{parsed.Errors[0].Message.TrimEnd('.')}; try --help");
        // The subcommand would not see it.
        if (parsed.CommandResult.Parent is CommandResult parent && parent.Children.OfType<OptionResult>().FirstOrDefault(result => !result.Implicit) is { } early)
            throw new UsageException($"'{early.Option.Name}': stands before '{parsed.CommandResult.Command.Name}'; write it after '{parsed.CommandResult.Command.Name}'");
    }

    private static IEnumerable<Token> ForOthers(ParseResult parsed) =>
        parsed.CommandResult.Children.OfType<OptionResult>().Where(result => result.Option is WordsOption).SelectMany(result => result.Tokens);

    private static void ExtendHelp(RootCommand root, string epilog)
    {
        var help = root.Options.OfType<HelpOption>().Single();
        var inner = (HelpAction)help.Action!;
        help.Action = new HelpOfProgram(root, inner, epilog, hasAllOptions: false);
        foreach (var command in root.Subcommands.Where(command => command.Options.Any(option => option.Hidden)))
            command.Options.Add(new Option<bool>("--help-all") { Description = "Show help with all options", Action = new HelpOfProgram(root, inner, epilog, hasAllOptions: true) });
    }

    private sealed class HelpOfProgram(RootCommand root, HelpAction inner, string epilog, bool hasAllOptions) : SynchronousCommandLineAction
    {
        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parseResult)
        {
            var command = parseResult.CommandResult.Command;
            foreach (var option in command.Options)
                option.Hidden &= !hasAllOptions;
            // The positional words of the program do not apply to a subcommand.
            foreach (var argument in root.Arguments)
                argument.Hidden = command != root;
            var code = inner.Invoke(parseResult);
            if (command == root && epilog.Length > 0)
                parseResult.InvocationConfiguration.Output.WriteLine(epilog);
            return code;
        }
    }
}
