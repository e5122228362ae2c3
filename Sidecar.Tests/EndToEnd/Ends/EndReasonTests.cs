using Sidecar.Connections;
using Xunit;

namespace Sidecar.Tests.EndToEnd.Ends;

/// <summary>
/// Every way that a connection can end, made to happen over real sockets: each has its own reason, in the record and in the
/// metric alike, and leaves no socket behind. A new reason without a way to it fails here.
/// </summary>
public sealed class EndReasonTests
{
    public static TheoryData<RelayEndReason> Reasons => [.. Enum.GetValues<RelayEndReason>()];

    [Theory]
    [MemberData(nameof(Reasons))]
    public async Task Reason_WhateverItIs_HasAConnectionThatEndsForIt(RelayEndReason reason)
    {
        Assert.True(Scenarios.All.TryGetValue(reason, out var scenario), $"no connection is known to end for {reason}");
        await scenario(reason.Word());
    }
}
