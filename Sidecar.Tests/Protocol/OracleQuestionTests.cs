using System.Net;
using FsCheck;
using FsCheck.Fluent;
using Oracle.Protocol;
using Xunit;

namespace Sidecar.Tests.Protocol;

public sealed class OracleQuestionTests
{
    [Theory]
    [InlineData("hello p1 abc 10.1.2.3 4567", SidecarRole.Outbound, "10.1.2.3")]
    [InlineData("hello server abc 10.1.2.3 4567", SidecarRole.Inbound, "10.1.2.3")]
    [InlineData("hello client abc ::1 4567", SidecarRole.Outbound, "::1")]
    [InlineData("hello alone abc ::ffff:10.1.2.3 4567", SidecarRole.Alone, "10.1.2.3")]
    [InlineData("hello p2 abc fe80::1%2 4567", SidecarRole.Inbound, "fe80::1")]
    [InlineData("hello  p2  abc  10.1.2.3  4567 ", SidecarRole.Inbound, "10.1.2.3")]
    [InlineData("hello p2 abc #(127 0 0 1) 4567", SidecarRole.Inbound, "127.0.0.1")]
    [InlineData("hello p2 abc #( 127 0 0 1 ) 4567", SidecarRole.Inbound, "127.0.0.1")]
    [InlineData("hello p2 abc #(0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 1) 4567", SidecarRole.Inbound, "::1")]
    [InlineData("hello p2 abc #(0 0 0 0 0 0 0 0 0 0 255 255 10 1 2 3) 4567", SidecarRole.Inbound, "10.1.2.3")]
    public void TryParse_Question_HasRoleIdAndPeer(string line, SidecarRole role, string peer)
    {
        Assert.True(OracleQuestion.TryParse(line, out var question));
        Assert.Equal(role, question.Role);
        Assert.Equal("abc", question.Id.ToString());
        Assert.Equal(new IPEndPoint(IPAddress.Parse(peer), 4567), question.Peer);
    }

    [Theory]
    [InlineData("")]
    [InlineData("hello")]
    [InlineData("hello p1 abc 4567")]
    [InlineData("Hello p1 abc 10.1.2.3 4567")]
    [InlineData("hello p3 abc 10.1.2.3 4567")]
    [InlineData("hello p1 abc 10.1.2.3")]
    [InlineData("hello p1 abc 10.1.2.3 65536")]
    [InlineData("hello p1 abc 10.1.2.3 -1")]
    [InlineData("hello p1 abc 10.1.2.3 +1")]
    [InlineData("hello p1 abc 10.1.2.3 4567 8")]
    [InlineData("hello p1 abc 5 4567")]
    [InlineData("hello p1 abc 127.1 4567")]
    [InlineData("hello p1 abc 010.0.0.1 4567")]
    [InlineData("hello p1 abc 0x7f.0.0.1 4567")]
    [InlineData("hello p1 abc [::1] 4567")]
    [InlineData("hello p1 abc [::1]:80 4567")]
    [InlineData("hello p1 abc localhost 4567")]
    [InlineData("hello p1 abc #() 4567")]
    [InlineData("hello p1 abc #( 4567")]
    [InlineData("hello p1 abc #(1 2 3) 4567")]
    [InlineData("hello p1 abc #(1 2 3 4 5) 4567")]
    [InlineData("hello p1 abc #(1 2 3 256) 4567")]
    [InlineData("hello p1 abc #(1 2 3 -4) 4567")]
    [InlineData("hello p1 abc #(1 2 3 4 4567")]
    [InlineData("hello p1 0123456789012345678901234567890123456789012345678901234567890123x 10.1.2.3 4567")]
    public void TryParse_NoQuestion_IsRefused(string line) => Assert.False(OracleQuestion.TryParse(line, out _));

    [Fact]
    public void TryParse_NamesLongerThanThereAre_AreRefused()
    {
        static bool IsQuestion(int listener, int host) =>
            OracleQuestion.TryParse($"ask p1 abc {new string('l', listener)} {new string('h', host)} 443 10.1.2.3 4567", out _);

        Assert.True(IsQuestion(64, 255));
        Assert.False(IsQuestion(65, 1));
        Assert.False(IsQuestion(1, 256));
    }

    [Theory]
    [InlineData("ask p1 abc in www.example.org 443 10.1.2.3 4567", "in", "www.example.org", 443, "10.1.2.3")]
    [InlineData("ask server abc in ::1 65535 #(127 0 0 1) 4567", "in", "::1", 65535, "127.0.0.1")]
    [InlineData("ask alone abc p1-45000 - 0 ::ffff:10.1.2.3 4567", "p1-45000", null, 0, "10.1.2.3")]
    [InlineData("ask  p2  abc  -  h  1  #( 1 2 3 4 )  4567 ", "-", "h", 1, "1.2.3.4")]
    public void TryParse_V1x_HasItsRouteToo(string line, string listener, string? host, int port, string peer)
    {
        Assert.True(OracleQuestion.TryParse(line, out var question));
        Assert.Equal((OracleDialect.V1x, "abc"), (question.Dialect, question.Id.ToString()));
        Assert.Equal(new QuestionRoute(listener, host, port), question.Route);
        Assert.Equal(new IPEndPoint(IPAddress.Parse(peer), 4567), question.Peer);
        Assert.True(OracleQuestion.TryParse(question.ToString(), out var again));
        Assert.Equal(question, again);
    }

    [Theory]
    [InlineData("ask p2 abc in h 80 10.1.2.3 4567 greeted")]
    [InlineData("ask server abc in ::1 80 #(127 0 0 1) 4567  greeted ")]
    public void TryParse_GreetedP2_GoesWhereTheGreetingSaid(string line)
    {
        Assert.True(OracleQuestion.TryParse(line, out var question));
        Assert.True(question.Route!.FromGreeting);
        Assert.EndsWith(" 4567 greeted", question.ToString(), StringComparison.Ordinal);
        Assert.True(OracleQuestion.TryParse(question.ToString(), out var again));
        Assert.Equal(question, again);
    }

    [Theory]
    [InlineData("ask p1 abc in h 80 10.1.2.3 4567 greeted")]
    [InlineData("ask alone abc in h 80 10.1.2.3 4567 greeted")]
    [InlineData("ask p2 abc in - 0 10.1.2.3 4567 greeted")]
    [InlineData("ask p2 abc in h 80 10.1.2.3 4567 greeted greeted")]
    [InlineData("ask p2 abc in h 80 10.1.2.3 4567 Greeted")]
    [InlineData("ask p2 abc in h 80 10.1.2.3 greeted")]
    [InlineData("ask greeted")]
    [InlineData("hello p2 abc 10.1.2.3 4567 greeted")]
    public void TryParse_GreetedWhereNobodyIs_IsRefused(string line) => Assert.False(OracleQuestion.TryParse(line, out _));

    [Theory]
    [InlineData("ask p1 abc out h 80 10.1.2.3 4567 plain?")]
    [InlineData("ask client abc out ::1 80 #(127 0 0 1) 4567  plain? ")]
    public void TryParse_P1BeforeItsGreeting_AsksWhetherToGreet(string line)
    {
        Assert.True(OracleQuestion.TryParse(line, out var question));
        Assert.Equal((true, false), (question.Route!.MayBePlain, question.Route.FromGreeting));
        Assert.EndsWith(" 4567 plain?", question.ToString(), StringComparison.Ordinal);
        Assert.True(OracleQuestion.TryParse(question.ToString(), out var again));
        Assert.Equal(question, again);
    }

    [Theory]
    [InlineData("ask p2 abc in h 80 10.1.2.3 4567 plain?")]
    [InlineData("ask alone abc in h 80 10.1.2.3 4567 plain?")]
    [InlineData("ask p1 abc in - 0 10.1.2.3 4567 plain?")]
    [InlineData("ask p1 abc in h 80 10.1.2.3 4567 plain? plain?")]
    [InlineData("ask p2 abc in h 80 10.1.2.3 4567 greeted plain?")]
    [InlineData("ask p1 abc in h 80 10.1.2.3 4567 plain")]
    [InlineData("ask p1 abc in h 80 10.1.2.3 plain?")]
    [InlineData("ask plain?")]
    [InlineData("hello p1 abc 10.1.2.3 4567 plain?")]
    public void TryParse_PlainWhereNobodyGreets_IsRefused(string line) => Assert.False(OracleQuestion.TryParse(line, out _));

    [Theory]
    [InlineData("ask")]
    [InlineData("Ask p1 abc in h 80 10.1.2.3 4567")]
    [InlineData("ask p1 abc 10.1.2.3 4567")]
    [InlineData("ask p1 abc in h 80 10.1.2.3")]
    [InlineData("ask p1 abc in h 80 4567")]
    [InlineData("ask p1 abc in h 0 10.1.2.3 4567")]
    [InlineData("ask p1 abc in - 80 10.1.2.3 4567")]
    [InlineData("ask p1 abc in h 65536 10.1.2.3 4567")]
    [InlineData("ask p1 abc in h http 10.1.2.3 4567")]
    [InlineData("ask p1 abc in h 80 10.1.2.3 4567 8")]
    [InlineData("ask p3 abc in h 80 10.1.2.3 4567")]
    [InlineData("hello p1 abc in h 80 10.1.2.3 4567")]
    public void TryParse_NoQuestionOfV1x_IsRefused(string line) => Assert.False(OracleQuestion.TryParse(line, out _));

    [Fact]
    public void ToString_AnyQuestion_IsReadBackTheSame() =>
        Check.QuickThrowOnFailure(Prop.ForAll(ArbMap.Default.ArbFor<(int Role, ulong High, ulong Low, bool Four, ushort Port)>(), drawn =>
        {
            var bytes = drawn.Four ? BitConverter.GetBytes((uint)drawn.Low) : [.. BitConverter.GetBytes(drawn.High), .. BitConverter.GetBytes(drawn.Low)];
            var role = (SidecarRole)(Math.Abs(drawn.Role % 3));
            var question = new OracleQuestion(role, ConnectionId.New(), new IPEndPoint(new IPAddress(bytes), drawn.Port));
            return OracleQuestion.TryParse(question.ToString(), out var again)
                && again with { Peer = question.Peer } == question
                && again.Peer.Equals(question.Peer);
        }));

    [Fact]
    public void ToString_MappedAddress_IsWrittenAsIPv4()
    {
        var question = new OracleQuestion(SidecarRole.Outbound, ConnectionId.New(), new IPEndPoint(IPAddress.Parse("::ffff:10.1.2.3"), 7));
        Assert.EndsWith(" 10.1.2.3 7", question.ToString());
    }
}
