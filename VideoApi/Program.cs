using System.CommandLine;
using Chassis;
using VideoApi.Backend;
using VideoApi.Frontend;
using VideoApi.Hosting;
using VideoApi.Storage;

var playlists = Origin.CreateOption("--playlists", "Where playlists are streamed from, when not from the backend's URL.");
var segments = Origin.CreateOption("--segments", "Where all other media files are streamed from, when not from the backend's URL.");
var root = new RootCommand("A video service in three parts: storage holds HLS files, backend lists them, frontend shows them.")
{
    ServiceCommand.Create("frontend", "Serves the pages and the player to browsers.", defaultPort: 8000,
        new Parameter<Uri>("backend-url", "--backend", "URL", "The backend to ask and to stream from.", Origin.Parse, "http://127.0.0.1:9000"),
        [playlists, segments],
        (listener, backend, given) => FrontendApp.Create(new FrontendOptions(
            listener, backend, Origin.Read(given, playlists, backend), Origin.Read(given, segments, backend)))),
    ServiceCommand.Create("backend", "Serves the list of videos as JSON and streams their files from the storage.", defaultPort: 9000,
        new Parameter<Uri>("storage-url", "--storage", "URL", "The storage to list and to stream from.", Origin.Parse, "http://127.0.0.1:9080"),
        (listener, storage) => BackendApp.Create(new BackendOptions(listener, storage))),
    ServiceCommand.Create("storage", "Serves HLS files from a folder; each sub-folder with a playlist is a video.", defaultPort: 9080,
        new Parameter<string>("folder", "--folder", "DIR", "The folder that holds the videos.", MediaFolder.Parse, fallback: null),
        (listener, folder) => StorageApp.Create(new StorageOptions(listener, folder))),
    WaitCommand.Create(healthPort: 8000),
};

return await ProgramShell.RunAsync(root, args, """
    Examples:
      VideoApi storage 9080 VideoApi/clips
      VideoApi backend 9000 http://127.0.0.1:9080
      VideoApi frontend 8000 http://127.0.0.1:9000
      VideoApi frontend --listen 127.0.0.1:8000 --backend http://127.0.0.1:45000 --log-level debug
    """);
