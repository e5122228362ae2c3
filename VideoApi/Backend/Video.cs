using System.Text.Json.Serialization;

namespace VideoApi.Backend;

/// <summary>A video as the API shows it.</summary>
/// <param name="Id">Its name in addresses.</param>
/// <param name="Title">Its title for people.</param>
/// <param name="Duration">Whole seconds.</param>
/// <param name="HlsUrl">Address of its playlist on the storage.</param>
internal sealed record Video(
    [property: JsonPropertyName("ID")] string Id,
    [property: JsonPropertyName("TITLE")] string Title,
    [property: JsonPropertyName("DURATION")] long Duration,
    [property: JsonPropertyName("HLS-URL")] string HlsUrl);
