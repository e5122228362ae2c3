namespace Sidecar.Tests.Capture;

/// <summary>An explicit test in a process of its own, which is killed or has less than this one.</summary>
internal static class ChildTest
{
    private const string AnswerFile = "SIDECAR_TESTS_CAPTURE_ANSWER";

    /// <summary>The file that the child writes.</summary>
    public static string Answer => Environment.GetEnvironmentVariable(AnswerFile)!;

    /// <summary>The words that run a test.</summary>
    public static string[] Command(string method, Type type, string answer) =>
    [
        "env", $"{AnswerFile}={answer}", "dotnet", type.Assembly.Location, "--explicit", "only", "--filter-method", $"{type.FullName}.{method}",
        "--results-directory", Path.GetDirectoryName(answer)!,
    ];
}
