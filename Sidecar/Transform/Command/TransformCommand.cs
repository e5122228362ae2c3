using System.CommandLine;
using ByteFilters;
using Chassis;
using Chassis.Expressions;
using Chassis.Settings;

namespace Sidecar.Transform.Command;

/// <summary><c>transform</c>: applies an expression from stdin to stdout, or explains it.</summary>
internal static class TransformCommand
{
    public static System.CommandLine.Command Create()
    {
        var expression = new Argument<string>("expression") { Description = "Such as '(chain (xor 42) not (rotl 3))', a name that the configuration defines, or @FILE, a file with the expression" };
        var inverse = new Option<bool>("--inverse") { Description = "Apply the inverse" };
        var explain = new Option<bool>("--explain") { Description = "Read nothing; show the canonical form, the effect, and the speed on this machine" };
        var config = new Option<string>("--config") { Description = "YAML file with transforms and filters that the expression can use", HelpName = "FILE" };
        var command = new System.CommandLine.Command("transform", "Change bytes from stdin to stdout; this is no encryption") { expression, inverse, explain, config };
        command.SetAction(async (parsed, cancellation) =>
        {
            var wanted = Parse(parsed.GetValue(expression)!, Language(parsed.GetValue(config)));
            if (parsed.GetValue(inverse))
                wanted = wanted.Inverse();
            if (!parsed.GetValue(explain))
                return await ByteFilter.RunAsync(FilterGuard.Run(() => CompiledTransform.Compile(wanted).Start()), cancellation) ? 0 : ProgramShell.ReaderLeftExitCode;
            await parsed.InvocationConfiguration.Output.WriteAsync(FilterGuard.Run(() => Explanation.Of(wanted)));
            return 0;
        });
        return command;
    }

    private static TransformExpression Parse(string text, TransformLanguage language)
    {
        try
        {
            return Values.OrFile(language.Parse)(text);
        }
        catch (TransformSyntaxException error)
        {
            throw new UsageException($"expression: {error.Message}; known words: {string.Join(' ', language.Words)}", error);
        }
        catch (FormatException error)
        {
            throw new UsageException($"expression: {error.Message}", error);
        }
    }

    private static TransformLanguage Language(string? file)
    {
        var settings = new SettingSet().Add(file is null ? [] : YamlSource.ReadFile(file, "--config"));
        var language = LanguageSettings.Read(settings, TransformLanguage.Default);
        settings.ThrowErrors();
        return language;
    }
}
