using System.Text.Json;
using System.Text.Json.Serialization;
using VideoApi.Backend;
using VideoApi.Forwarding;
using VideoApi.Storage;

namespace VideoApi.Hosting;

/// <summary>How the services read and write JSON, generated at build.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(ApiError))]
[JsonSerializable(typeof(CatalogEntry[]))]
[JsonSerializable(typeof(IReadOnlyList<CatalogEntry>))]
[JsonSerializable(typeof(Video[]))]
[JsonSerializable(typeof(IReadOnlyList<Video>))]
internal sealed partial class VideoJson : JsonSerializerContext;
