namespace VideoApi.Storage;

/// <summary>A video of the catalogue, as <c>/catalog.json</c> lists it.</summary>
/// <param name="Id">Name of its folder.</param>
/// <param name="Title">Title of its master playlist, otherwise the folder's name.</param>
/// <param name="Duration">Seconds, to the millisecond.</param>
/// <param name="Playlist">Path of its playlist on the storage, escaped: <c>/hls/clock/master.m3u8</c>.</param>
internal sealed record CatalogEntry(string Id, string Title, double Duration, string Playlist);
