using System.Text;
using Chassis.Records;

namespace Sidecar.Tests.Chassis;

/// <summary>Lines with the sender as their first letter; lines that do not begin with a letter have no sender.</summary>
internal static class LetterLines
{
    public static readonly LineSender SenderOf = line => char.IsAsciiLetter((char)line[0]) ? line[0] : (UInt128)0;

    /// <summary>A line of so many bytes, its line feed among them.</summary>
    public static string Line(char sender, int length) => new string(sender, length - 1) + "\n";

    /// <summary>A numbered line of 20 bytes.</summary>
    public static string Numbered(char sender, int number) => $"{sender} {number,17}\n";

    /// <summary>The lines of a file, each with its line feed; none of a file that is not there.</summary>
    public static List<string> Read(string path) =>
        File.Exists(path) ? [.. File.ReadAllText(path, Encoding.ASCII).Split('\n')[..^1].Select(line => line + "\n")] : [];

    public static char? Sender(string line) => char.IsAsciiLetter(line[0]) ? line[0] : null;
}
