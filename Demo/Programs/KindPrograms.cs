using System.Net;
using System.Text;

namespace Demo.Programs;

/// <summary>
/// The files of a demo that tells kinds of content apart: a listener for each on both sidecars, and the policy that gives each
/// its transform. They lie in a folder of their own, which disposing removes.
/// </summary>
internal sealed class KindPrograms : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("sidecar-demo-");

    /// <summary>The policy, for people to read.</summary>
    public const string Policy = """
        transforms:
          # An odd factor and a summand, modulo 256: no exclusive or, rotation or addition alone comes to it.
          shuffle: (table "TABLE")
        rules:
          - {name: catalogue, listener: catalogue, transform: "(chain (xor 42) (rotl 3))"}
          - {name: playlists, listener: playlists, transform: "(chain (add 7) (xor-key \"0b5ad5\"))"}
          - {name: segments, listener: segments, transform: shuffle}
        default: deny
        """;

    /// <summary>The policy's file.</summary>
    public string WritePolicy()
    {
        var table = Enumerable.Range(0, 256).Select(i => (byte)((167 * i) + 13)).ToArray();
        return Write("policy.yaml", Policy.Replace("TABLE", Convert.ToHexStringLower(table), StringComparison.Ordinal));
    }

    /// <summary>The configuration of one sidecar.</summary>
    /// <param name="role">Its role, which is its name as well.</param>
    /// <param name="listen">Where it listens.</param>
    /// <param name="targets">Where each kind goes on to.</param>
    /// <param name="oracle">The Oracle that it asks.</param>
    public string WriteSidecar(string role, KindPorts listen, IReadOnlyList<IPEndPoint> targets, IPEndPoint oracle)
    {
        var yaml = new StringBuilder().AppendLine($"oracle: {{address: \"{oracle}\", dialect: v1x}}").AppendLine("listeners:");
        foreach (var ((kind, port), target) in listen.All.Zip(targets))
            yaml.AppendLine($"  - {{name: {kind}, listen: \"{DemoPorts.Local(port)}\", role: {role}, target: \"{target}\"}}");
        return Write($"{role}.yaml", yaml.ToString());
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private string Write(string name, string text)
    {
        var path = Path.Combine(_folder.FullName, name);
        File.WriteAllText(path, text);
        return path;
    }
}
