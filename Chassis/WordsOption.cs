using System.CommandLine;

namespace Chassis;

/// <summary>An option with words for another program's command line as its value; these words can begin with dashes.</summary>
public sealed class WordsOption(string name) : Option<string?>(name);
