using System.Globalization;
using Chassis;
using Chassis.Settings;

namespace Sidecar.Configuration;

/// <summary>
/// The command lines of the Lisp programs:
/// <c>&lt;listen-port&gt; &lt;target-host|nil&gt; &lt;target-port|nil&gt; [listen-host] [role]</c> and
/// <c>&lt;listen-port&gt; &lt;target-host|nil&gt; &lt;target-port|nil&gt; &lt;oracle-host&gt; &lt;oracle-port&gt; [listen-host] [role] [mode]</c>;
/// only in the second form the fifth word is a number.
/// </summary>
internal static class PositionalForm
{
    public const string Help = """
        Positional form, as in the Lisp programs (options may follow):
          Sidecar <listen-port> <target-host|nil> <target-port|nil> [listen-host] [role]
          Sidecar <listen-port> <target-host|nil> <target-port|nil> <oracle-host> <oracle-port> [listen-host] [role] [mode]
        """;

    private const string Nil = "nil";

    /// <summary>Reads the words as settings of the first listener.</summary>
    /// <exception cref="UsageException">The words have neither form.</exception>
    public static IEnumerable<Setting> Read(IReadOnlyList<string> words)
    {
        if (!IsNumber(words[0]))
            throw new UsageException($"'{words[0]}': neither a command nor a listen port; try --help");
        if (words.Count < 3)
            throw new UsageException($"'{string.Join(' ', words)}': <listen-port> <target-host|nil> <target-port|nil> are expected; try --help");
        var withOracle = words.Count >= 5 && IsNumber(words[4]);
        var names = withOracle ? ["oracle-host", "oracle-port", "listen-host", "role", "mode"] : new[] { "listen-host", "role" };
        if (words.Count > 3 + names.Length)
            throw new UsageException($"'{words[3 + names.Length]}': the positional form has no place for this word; try --help");

        var rest = names.Zip(words.Skip(3)).ToDictionary(p => p.First, p => p.Second, StringComparer.Ordinal);
        var listenHost = rest.GetValueOrDefault("listen-host", "");
        yield return new Setting("listeners.0.listen", $"{Bracketed(listenHost)}:{words[0]}", "<listen-host> <listen-port>");
        if (IsNil(words[1]) != IsNil(words[2]))
            throw new UsageException($"'{words[1]} {words[2]}': <target-host> and <target-port> must both be nil, or neither");
        if (!IsNil(words[1]))
            yield return new Setting("listeners.0.target", $"{Bracketed(words[1])}:{words[2]}", "<target-host> <target-port>");
        if (withOracle)
            yield return new Setting("oracle.address", $"{Bracketed(rest["oracle-host"])}:{rest["oracle-port"]}", "<oracle-host> <oracle-port>");
        foreach (var name in new[] { "role", "mode" })
        {
            if (rest.TryGetValue(name, out var word))
                yield return new Setting($"listeners.0.{name}", word, $"<{name}>");
        }
    }

    private static bool IsNil(string word) => string.Equals(word, Nil, StringComparison.OrdinalIgnoreCase);

    private static bool IsNumber(string word) => int.TryParse(word, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _);

    private static string Bracketed(string host) => host.Contains(':', StringComparison.Ordinal) && !host.StartsWith('[') ? $"[{host}]" : host;
}
