namespace ByteFilters;

/// <summary>
/// An error or a text of a user's code, as text. It never throws, because even the message of an exception is the user's code.
/// </summary>
public static class FilterFault
{
    // As much as a log line should show.
    private const int MaxLength = 500;

    /// <summary>The message, or the exception's type if it has no message, on one line of at most 500 characters.</summary>
    public static string OneLine(Exception error)
    {
        try
        {
            return OneLine(error.Message) is { Length: > 0 } words ? words : error.GetType().Name;
        }
        catch (Exception)
        {
            return error.GetType().Name;
        }
    }

    /// <summary>A text on one line of at most 500 characters.</summary>
    public static string OneLine(string text) =>
        string.Join(' ', text[..Math.Min(text.Length, MaxLength)].Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
}
