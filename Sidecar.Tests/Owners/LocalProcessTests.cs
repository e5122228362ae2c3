using System.Text;
using Sidecar.Owners;
using Xunit;

namespace Sidecar.Tests.Owners;

public sealed class LocalProcessTests
{
    // A search that fails later answers all of its questions once more.
    [Fact]
    public void Found_ASecondTime_ChangesNothing()
    {
        var process = new LocalProcess(isPending: true);
        process.Found(17, "nginx", "c");
        process.Found(null);

        Assert.Equal((17, "nginx", "c"), (process.Value, process.Command, process.Container));
    }

    [Fact]
    public void Found_AfterItWasGivenUp_IsTheProcess()
    {
        var process = new LocalProcess(isPending: true, LocalProcess.Unknown);
        process.GiveUp();
        Assert.True(process.Known.IsCompleted);
        Assert.Equal("0", Text(process));
        process.Found(17);

        Assert.Equal("17", Text(process));
    }

    private static string Text(LocalProcess process)
    {
        var room = new byte[process.MaxLength];
        return Encoding.ASCII.GetString(room.AsSpan(0, process.Write(room)));
    }
}
