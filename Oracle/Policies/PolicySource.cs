using Chassis;
using Chassis.Settings;

namespace Oracle.Policies;

/// <summary>The named policy file, and its text at the start.</summary>
internal sealed class PolicySource
{
    private readonly string _origin;

    /// <summary>Reads the file.</summary>
    /// <exception cref="UsageException">The file cannot be read, or is not a policy.</exception>
    public PolicySource(string path, string origin)
    {
        Path = path;
        _origin = origin;
        FirstText = ReadText();
        First = PolicyFile.Parse(FirstText, path);
    }

    /// <summary>The file, as the user wrote it.</summary>
    public string Path { get; }

    /// <summary>The text at the start.</summary>
    public string FirstText { get; }

    /// <summary>The policy at the start.</summary>
    public Policy First { get; }

    /// <summary>The text now.</summary>
    /// <exception cref="UsageException">The file cannot be read.</exception>
    public string ReadText() => YamlSource.ReadText(Path, _origin);
}
