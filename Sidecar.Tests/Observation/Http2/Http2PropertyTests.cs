using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace Sidecar.Tests.Observation.Http2;

public sealed class Http2PropertyTests
{
    // Catches: a table out of step, bytes or messages counted twice or not at all, an end at the wrong frame, a state that a cut loses.
    [Fact]
    public void Conversation_OfAnyStreams_IsSeenAsItWas() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(200),
        Prop.ForAll(Gen.Choose(0, int.MaxValue).ToArbitrary(), seed =>
        {
            var made = new RandomConversation(seed);
            foreach (var piece in new[] { int.MaxValue, 1, 1 + (seed % 50) })
                Assert.Equal(made.Expected, made.Conversation.See(piece));
        }));
}
