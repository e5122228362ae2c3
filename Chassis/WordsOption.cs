using System.CommandLine;

namespace Chassis;

/// <summary>An option whose value is words for another program's command line, and so may begin with dashes.</summary>
public sealed class WordsOption(string name) : Option<string?>(name);
