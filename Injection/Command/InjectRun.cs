using System.Text;
using Chassis;
using Injection.Pods;
using Injection.Text;

namespace Injection.Command;

/// <summary>One run of <c>inject</c>: a line on stderr for each workload, the manifests on stdout or in their files.</summary>
/// <param name="log">Takes the lines about workloads.</param>
/// <param name="settings">The settings; null to remove sidecars.</param>
internal sealed class InjectRun(TextWriter log, PodSettings? settings)
{
    private const string Stdin = "-";

    // A cluster's API takes 1.5 MB for an object.
    private const int MaxCharacters = 64 * 1024 * 1024;

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Changes all files; if one has an error, none is written.</summary>
    /// <exception cref="UsageException">Files cannot be read, or have errors, with a line for each.</exception>
    public async Task<int> RunAsync(IReadOnlyList<string> files, bool inPlace, TextWriter output, CancellationToken cancellation)
    {
        if (inPlace && files.Contains(Stdin))
            throw new UsageException("--in-place: stdin (-) has no file to write; leave --in-place out");
        var (results, errors) = (new List<(string File, string Before, string After)>(), new List<string>());
        foreach (var file in files)
        {
            try
            {
                var text = await ReadAsync(file, cancellation);
                results.Add((file, text, ManifestFile.Rewrite(text, file == Stdin ? "stdin" : file, Change)));
            }
            catch (UsageException error)
            {
                errors.AddRange(error.Lines);
            }
        }

        if (errors.Count > 0)
            throw new UsageException(errors);
        if (inPlace)
        {
            foreach (var (file, _, after) in results.Where(result => result.Before != result.After))
                await WriteAsync(file, after, cancellation);
        }
        else
        {
            await output.WriteAsync(Joined(results.Select(result => result.After)));
        }

        return 0;
    }

    private void Change(Patch root, ErrorAt errorAt)
    {
        var errors = new List<string>();
        foreach (var workload in Workloads.Find(root.Root).ToList())
        {
            var pod = root.Within(workload.Path);
            var result = settings is null ? PodInjector.Uninject(pod) : PodInjector.Inject(pod, settings, isJob: workload.Kind is "Job" or "CronJob");
            errors.AddRange(result.Errors.SelectMany(error => errorAt(pod.Absolute(error.Path), $"{workload.Name}: {error.Reason}").Lines));
            if (result.Outcome != InjectionOutcome.Refused)
                log.WriteLine($"{workload.Name}: {Words(result.Outcome)}{result.Reason}");
            foreach (var warning in result.Warnings)
                log.WriteLine($"{workload.Name}: warning: {warning}");
        }

        if (errors.Count > 0)
            throw new UsageException(errors);
    }

    private static string Words(InjectionOutcome outcome) => outcome switch
    {
        InjectionOutcome.Unchanged => "unchanged: ",
        InjectionOutcome.Skipped => "skipped: ",
        _ => "",
    };

    // Each file is a document of its own.
    private static string Joined(IEnumerable<string> texts)
    {
        var all = new StringBuilder();
        foreach (var text in texts)
        {
            if (all.Length > 0)
            {
                if (all[^1] != '\n')
                    all.Append('\n');
                if (!text.StartsWith("---", StringComparison.Ordinal))
                    all.Append("---\n");
            }

            all.Append(text);
        }

        return all.ToString();
    }

    private static async Task<string> ReadAsync(string file, CancellationToken cancellation)
    {
        try
        {
            await using var stream = file == Stdin ? Console.OpenStandardInput() : new FileStream(file, FileMode.Open, FileAccess.Read);
            using var reader = new StreamReader(stream, Utf8);
            var (text, block) = (new StringBuilder(), new char[64 * 1024]);
            for (int count; (count = await reader.ReadAsync(block, cancellation)) > 0;)
            {
                text.Append(block, 0, count);
                if (text.Length > MaxCharacters)
                    throw new UsageException($"--filename '{file}': larger than 64 MiB; this is not a file of manifests");
            }

            return text.ToString();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException)
        {
            var reason = Directory.Exists(file) ? "this is a folder, and a file is expected" : error is DecoderFallbackException ? "this is not text in UTF-8" : error.Message;
            throw new UsageException($"--filename '{file}': {reason}", error);
        }
    }

    // Beside the file first, so that a full disk leaves the old file.
    private static async Task WriteAsync(string file, string text, CancellationToken cancellation)
    {
        var beside = $"{file}.{Environment.ProcessId}.new";
        try
        {
            await File.WriteAllTextAsync(beside, text, Utf8, cancellation);
            if (!OperatingSystem.IsWindows())
                File.SetUnixFileMode(beside, File.GetUnixFileMode(file));
            File.Move(beside, Path.GetFullPath(new FileInfo(file).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? file), overwrite: true);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"--in-place '{file}': {error.Message}", error);
        }
        finally
        {
            // Only there if it was not moved.
            File.Delete(beside);
        }
    }
}
