using System.CommandLine;
using Injection.Pods;
using Injection.Text;

namespace Injection.Command;

/// <summary><c>inject</c>: adds sidecars to the workloads of manifests, or removes them.</summary>
public static class InjectCommand
{
    /// <summary>The command.</summary>
    public static System.CommandLine.Command Create()
    {
        var files = new Option<string[]>("--filename", "-f") { Description = "File of manifests, YAML or JSON, also several; - is stdin", HelpName = "FILE", Required = true };
        var uninject = new Option<bool>("--uninject") { Description = "Remove what an injection has added, and restore the probes" };
        var inPlace = new Option<bool>("--in-place", "-i") { Description = "Write the files instead of stdout" };
        var settings = new PodOptions();
        var command = new System.CommandLine.Command("inject", "Add a sidecar to each workload of Kubernetes manifests; all other text stays as it is") { files, uninject, inPlace };
        settings.AddTo(command);
        command.SetAction((parsed, cancellation) =>
        {
            var defaults = settings.Read(parsed);
            var run = new InjectRun(parsed.InvocationConfiguration.Error, parsed.GetValue(uninject) ? null : defaults);
            return run.RunAsync(parsed.GetValue(files)!, parsed.GetValue(inPlace), parsed.InvocationConfiguration.Output, cancellation);
        });
        return command;
    }
}
