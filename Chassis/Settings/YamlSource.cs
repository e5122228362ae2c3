using System.Buffers;
using System.Text;

namespace Chassis.Settings;

/// <summary>Settings from a YAML file, each with its line, as <c>file:line: key</c>.</summary>
public static class YamlSource
{
    // A watched file is read again and again, so the buffer is small and pooled.
    private const int BlockSize = 4096;

    // A configuration is written by hand. The limit only stops a wrong path (a video, a core dump) from being read whole.
    private const int MaxCharacters = 1 << 20;

    /// <summary>Reads a file into settings.</summary>
    /// <param name="path">The file.</param>
    /// <param name="option">The option that named it, for the error.</param>
    /// <exception cref="UsageException">The file cannot be read, is larger than 1 MiB or is not a YAML mapping.</exception>
    public static IReadOnlyList<Setting> ReadFile(string path, string option) =>
        Read(new StringReader(ReadText(path, option)), path);

    /// <summary>Reads a file as text.</summary>
    /// <param name="path">The file.</param>
    /// <param name="option">The option that named it, for the error.</param>
    /// <exception cref="UsageException">The file cannot be read or is larger than 1 MiB.</exception>
    public static string ReadText(string path, string option) => ReadText(path, option, out _);

    /// <summary>The same, and whether the file can be read again. A pipe cannot.</summary>
    public static string ReadText(string path, string option, out bool canBeReadAgain)
    {
        var block = ArrayPool<char>.Shared.Rent(BlockSize);
        try
        {
            using var reader = new StreamReader(path, new FileStreamOptions { BufferSize = 0 });
            canBeReadAgain = reader.BaseStream.CanSeek;
            // The length is not used, because a device or a pipe has none.
            var text = new StringBuilder();
            for (var length = reader.Read(block); length > 0; length = reader.Read(block))
            {
                text.Append(block, 0, length);
                if (text.Length > MaxCharacters)
                    throw new UsageException($"{option} '{path}': larger than 1 MiB; this is not a configuration file");
            }

            return text.ToString();
        }
        catch (UnauthorizedAccessException error) when (Directory.Exists(path))
        {
            throw new UsageException($"{option} '{path}': this is a folder, and a file is expected", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new UsageException($"{option} '{path}': {error.Message}", error);
        }
        finally
        {
            ArrayPool<char>.Shared.Return(block);
        }
    }

    /// <summary>Reads a text into settings; an empty text has none.</summary>
    /// <param name="text">The YAML text.</param>
    /// <param name="name">The name of the text in errors.</param>
    /// <exception cref="UsageException">The text is not a YAML mapping, or a key is not a plain word.</exception>
    public static IReadOnlyList<Setting> Read(TextReader text, string name) => YamlSettings.Read(YamlEvents.Read(text, name));
}
