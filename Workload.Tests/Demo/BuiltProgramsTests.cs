using System.Runtime.InteropServices;
using Chassis;
using Demo.Programs;
using Testing;
using Xunit;

namespace Workload.Tests.Demo;

public sealed class BuiltProgramsTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Run_OfANativeBuild_IsTheProgramItself()
    {
        var built = new BuiltPrograms(_folder.Root, "bin/Release/net10.0", IsNative: true);
        var program = Path.Combine(_folder.Root, "Oracle/bin/Release/net10.0", RuntimeInformation.RuntimeIdentifier, "publish/Oracle");

        Assert.Equal($"'{program}': not built; run scripts/publish-native Oracle", Assert.Throws<UsageException>(() => built.Run("Oracle")).Message);
        Directory.CreateDirectory(Path.GetDirectoryName(program)!);
        File.WriteAllText(program, "");

        Assert.Equal([program], built.Run("Oracle"));
    }

    [Fact]
    public void Run_OfAnAssembly_IsTheHostAndTheAssembly()
    {
        var words = BuiltPrograms.Locate().Run("Oracle").ToList();

        Assert.Equal(("dotnet", "Oracle.dll"), (Path.GetFileName(words[0]), Path.GetFileName(words[1])));
    }
}
