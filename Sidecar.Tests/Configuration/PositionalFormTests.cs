using Chassis;
using Oracle.Protocol;
using Sidecar.Options;
using Xunit;

namespace Sidecar.Tests.Configuration;

public sealed class PositionalFormTests
{
    // The command lines of the Lisp programs, addresses as they gave them.
    [Theory]
    [InlineData("45000 127.0.0.1 9000 0.0.0.0 alone", "0.0.0.0:45000", SidecarRole.Alone, ListenerMode.Fixed, "127.0.0.1:9000", null)]
    [InlineData("45000 127.0.0.1 45001 0.0.0.0 client", "0.0.0.0:45000", SidecarRole.Outbound, ListenerMode.Fixed, "127.0.0.1:45001", null)]
    [InlineData("45001 127.0.0.1 9000 0.0.0.0 server", "0.0.0.0:45001", SidecarRole.Inbound, ListenerMode.Fixed, "127.0.0.1:9000", null)]
    [InlineData("45000 192.188.200.57 9000", "[::]:45000", SidecarRole.Alone, ListenerMode.Fixed, "192.188.200.57:9000", null)]
    [InlineData("45000 127.0.0.1 45001 127.0.0.1 9100 0.0.0.0 p1", "0.0.0.0:45000", SidecarRole.Outbound, ListenerMode.Fixed, "127.0.0.1:45001", "127.0.0.1:9100")]
    [InlineData("45001 127.0.0.1 9000 127.0.0.1 9100 0.0.0.0 p2", "0.0.0.0:45001", SidecarRole.Inbound, ListenerMode.Fixed, "127.0.0.1:9000", "127.0.0.1:9100")]
    [InlineData("45000 nil nil", "[::]:45000", SidecarRole.Alone, ListenerMode.Transparent, null, null)]
    [InlineData("45000 NIL NIL oracle 9100", "[::]:45000", SidecarRole.Alone, ListenerMode.Transparent, null, "oracle:9100")]
    [InlineData("45000 p2.test 45001 oracle 9100 127.0.0.1 p1 socks4", "127.0.0.1:45000", SidecarRole.Outbound, ListenerMode.Socks4, "p2.test:45001", "oracle:9100")]
    [InlineData("45000 nil nil oracle 9100 :: p1 fixed", "[::]:45000", SidecarRole.Outbound, ListenerMode.Transparent, null, "oracle:9100")]
    [InlineData("45000 nil nil ::1 9100 :: p1 transparent", "[::]:45000", SidecarRole.Outbound, ListenerMode.Transparent, null, "[::1]:9100")]
    public void Read_WordsOfTheLispPrograms_MeanWhatTheyMeantThere(
        string words, string listen, SidecarRole role, ListenerMode mode, string? target, string? oracle)
    {
        var listener = Assert.Single(Words.Positional(words).Listeners);
        Assert.Equal(
            (listen, role, mode, target, oracle),
            (listener.Listen.ToString(), listener.Role, listener.Mode, listener.Target?.ToString(), listener.Oracle?.ToString()));
    }

    [Theory]
    [InlineData("run 127.0.0.1 9000", "run")]
    [InlineData("45000", "45000")]
    [InlineData("45000 127.0.0.1", "45000 127.0.0.1")]
    [InlineData("70000 127.0.0.1 9000", "70000")]
    [InlineData("-1 127.0.0.1 9000", "-1")]
    [InlineData("45000 127.0.0.1 nil", "127.0.0.1 nil")]
    [InlineData("45000 nil 9000", "nil 9000")]
    [InlineData("45000 127.0.0.1 0", "127.0.0.1:0")]
    [InlineData("45000 127.0.0.1 http", "127.0.0.1:http")]
    [InlineData("45000 127.0.0.1 9000 everywhere", "everywhere")]
    [InlineData("45000 127.0.0.1 9000 0.0.0.0 boss", "boss")]
    [InlineData("45000 127.0.0.1 9000 0.0.0.0 alone fixed", "fixed")]
    [InlineData("45000 127.0.0.1 9000 oracle 9100 0.0.0.0 p1 magic", "magic")]
    [InlineData("45000 127.0.0.1 9000 oracle 99999", "oracle:99999")]
    [InlineData("45000 127.0.0.1 9000 oracle 9100 0.0.0.0 p1 fixed more", "more")]
    [InlineData("45000 a b", "a:b")]
    [InlineData("45000 010.0.0.1 9000", "010.0.0.1:9000")]
    [InlineData("45000 [::1]:80 9000", "[::1]:80:9000")]
    public void Read_WordsOfNeitherForm_AreAnErrorThatShowsThem(string words, string shown)
    {
        var error = Assert.Throws<UsageException>(() => Words.Positional(words));
        Assert.Contains(shown, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }
}
