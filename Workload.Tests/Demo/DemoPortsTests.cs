using Chassis;
using Demo.Programs;
using Testing;
using Testing.Peers;
using Xunit;

namespace Workload.Tests.Demo;

[SystemTest]
public sealed class DemoPortsTests
{
    [Fact]
    public void RefuseTaken_PortInUse_NamesTheProgramAndTheOptionThatHelps()
    {
        using var taken = new LoopbackListener();
        var ports = DemoPorts.Free() with { Backend = taken.Port };

        var error = Assert.Throws<UsageException>(() => ports.RefuseTaken(byKind: false));

        Assert.Equal($"backend '127.0.0.1:{taken.Port}': the port is in use by Workload.Tests (process {Environment.ProcessId}); stop it or run ./demo --free-ports", error.Message);
    }
}
