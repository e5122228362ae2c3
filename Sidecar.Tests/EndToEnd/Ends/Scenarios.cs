using Sidecar.Connections;

namespace Sidecar.Tests.EndToEnd.Ends;

/// <summary>For each reason a connection that ends for it. A scenario fails unless record and metric have the word it is given.</summary>
internal static class Scenarios
{
    public static readonly IReadOnlyDictionary<RelayEndReason, Func<string, Task>> All = new Dictionary<RelayEndReason, Func<string, Task>>
    {
        [RelayEndReason.Completed] = RelayScenarios.BothEndsFinishAsync,
        [RelayEndReason.ClientReset] = word => RelayScenarios.OneEndResetsAsync(word, client: true),
        [RelayEndReason.UpstreamReset] = word => RelayScenarios.OneEndResetsAsync(word, client: false),
        [RelayEndReason.ClientTruncated] = word => CodecStages.OneStreamIsCutAsync(word, client: true),
        [RelayEndReason.UpstreamTruncated] = word => CodecStages.OneStreamIsCutAsync(word, client: false),
        [RelayEndReason.IdleTimeout] = RelayScenarios.BothEndsAreSilentAsync,
        [RelayEndReason.HalfClosedTimeout] = RelayScenarios.OneEndIsSilentWhenTheOtherHasFinishedAsync,
        [RelayEndReason.AdminClosed] = RelayScenarios.AnOperatorClosesAsync,
        [RelayEndReason.Draining] = RelayScenarios.TheProcessDrainsAsync,
        [RelayEndReason.LimitReached] = RelayScenarios.OneIsTooManyAsync,
        [RelayEndReason.ClientLimit] = PeerScenarios.OneClientHasAllOfItsPlacesAsync,
        [RelayEndReason.ConnectFailed] = UpstreamScenarios.NobodyListensAsync,
        [RelayEndReason.ConnectTimeout] = UpstreamScenarios.NobodyAcceptsAsync,
        [RelayEndReason.UpstreamLimit] = UpstreamScenarios.TheUpstreamHasItsConnectionsAsync,
        [RelayEndReason.CircuitOpen] = UpstreamScenarios.TheUpstreamIsEjectedAsync,
        [RelayEndReason.NoOriginalDestination] = UpstreamScenarios.NothingSaysWhereToAsync,
        [RelayEndReason.DestinationNotAllowed] = UpstreamScenarios.AForeignDestinationIsAskedForAsync,
        [RelayEndReason.SelfCall] = UpstreamScenarios.TheSidecarItselfIsAskedForAsync,
        [RelayEndReason.HandshakeFailed] = PeerScenarios.TheGreetingIsCutShortAsync,
        [RelayEndReason.HandshakeTimeout] = PeerScenarios.TheGreetingDoesNotComeAsync,
        [RelayEndReason.ProtocolError] = PeerScenarios.TheGreetingIsNoneAsync,
        [RelayEndReason.LateGreeting] = PeerScenarios.TheGreetingComesTooLateAsync,
        [RelayEndReason.PeerRefused] = PeerScenarios.P2AnswersFailAsync,
        [RelayEndReason.OracleDenied] = PeerScenarios.TheOracleDeniesAsync,
        [RelayEndReason.OracleUnreachable] = PeerScenarios.TheOracleIsDownAsync,
        [RelayEndReason.OracleTimeout] = PeerScenarios.TheOracleIsSilentAsync,
        [RelayEndReason.TransformError] = CodecStages.ATransformThrowsAsync,
        [RelayEndReason.InternalError] = CodecStages.AStageThrowsAsync,
    };
}
