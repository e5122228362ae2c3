using Xunit;

namespace Sidecar.Tests.EndToEnd.Documentation;

/// <summary>The documented commands that build and run the demo. They take the longest, so they run beside the others.</summary>
public sealed class DocumentedDemosTests
{
    [Theory]
    [MemberData(nameof(DocumentedCommandsTests.DemoBlocks), MemberType = typeof(DocumentedCommandsTests))]
    public Task Commands_RunAsTheyStand(string document, int line) => DocumentShell.RunAsync(document, line);
}
