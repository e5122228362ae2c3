namespace ByteFilters;

/// <summary>What a user's code threw or said, in words. It never throws itself: even a message is a user's code.</summary>
public static class FilterFault
{
    // As much as a log line should show.
    private const int MaxLength = 500;

    /// <summary>The message, or the exception's type where it has none, on one line of at most 500 characters.</summary>
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
