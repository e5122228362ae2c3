using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Testing;
using Xunit;

namespace Sidecar.Tests.UserFilters;

/// <summary>Filters as users write them, compiled to assemblies.</summary>
internal static class UserFilter
{
    /// <summary>Compiles a source text and returns the assembly's path; each has a name of its own, as one process loads a name once.</summary>
    public static string Compile(TempFolder folder, string source, params IEnumerable<string> others)
    {
        var name = $"Filter{Guid.NewGuid():N}";
        var references = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(path => Path.GetFileName(path) is "System.Private.CoreLib.dll" or "System.Runtime.dll" or "ByteFilters.dll")
            .Concat(others)
            .Select(path => MetadataReference.CreateFromFile(path));
        var compilation = CSharpCompilation.Create(
            name, [CSharpSyntaxTree.ParseText($"using System; using System.Collections.Generic; using ByteFilters;\n{source}")], references,
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary));
        var path = folder.File(name + ".dll");
        var result = compilation.Emit(path);
        Assert.True(result.Success, string.Join('\n', result.Diagnostics));
        return path;
    }

    /// <summary>An exception with a message that is a user's code and fails too.</summary>
    public const string Speechless = "public class Speechless : Exception { public override string Message => throw new InvalidOperationException(\"no words\"); }\n";

    /// <summary>A filter <c>bad</c> that leaves bytes as they are, with parts of it written otherwise.</summary>
    /// <param name="name">What its name is.</param>
    /// <param name="constructor">What its constructor does.</param>
    /// <param name="create">What making a transform does first.</param>
    /// <param name="apply">What a chunk does.</param>
    /// <param name="refuse">What checking the arguments does first.</param>
    public static string Source(string name = "\"bad\"", string constructor = "", string create = "", string apply = "", string refuse = "") => $$"""
        public class Bad : TransformFilter
        {
            public Bad() { {{constructor}} }
            public override string Name => {{name}};
            public override IReadOnlyList<TransformParameter> Parameters => Array.Empty<TransformParameter>();
            public override string Refuse(IReadOnlyList<TransformArgument> arguments) { {{refuse}} return null; }
            public override ByteTransform Create(IReadOnlyList<TransformArgument> arguments) { {{create}} return new Transform(); }
            public override ByteTransform CreateInverse(IReadOnlyList<TransformArgument> arguments) => new Transform();

            private class Transform : ByteTransform
            {
                public override void Apply(Span<byte> bytes) { {{apply}} }
            }
        }
        """;
}
