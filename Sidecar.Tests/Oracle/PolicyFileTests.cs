using Chassis;
using Oracle.Policies;
using Oracle.Protocol;
using Sidecar.Tests.UserFilters;
using Testing;
using Xunit;

namespace Sidecar.Tests.Oracle;

public sealed class PolicyFileTests
{
    [Fact]
    public void Parse_WholeFile_KeepsOrderNamesAndDefault()
    {
        var policy = PolicyFile.Parse("""
            rules:
              - name: office
                role: client
                peer: [10.0.0.0/8, "::1"]
                transform: random
              - peer: 203.0.113.7
                deny: true
              - role: [p2, alone]
                transform: xor 42
            default: not
            """, "policy.yml");
        Assert.Equal(["office", "rules.1", "rules.2"], policy.Rules.Select(r => r.Name));
        Assert.Equal([SidecarRole.Outbound], policy.Rules[0].Roles!);
        Assert.Equal(["10.0.0.0/8", "::1/128"], policy.Rules[0].Peers!.Select(p => p.ToString()));
        Assert.Equal(["random", null, "(xor 42)"], policy.Rules.Select(r => r.Grant?.ToString()));
        Assert.Equal("not", policy.Default?.ToString());
    }

    [Theory]
    [InlineData("default: deny")]
    [InlineData("rules: [{transform: not}]")]
    public void Parse_NoDefaultOrDeny_Denies(string text) => Assert.Null(PolicyFile.Parse(text, "p").Default);

    [Theory]
    [InlineData("", "p: no rules and no default")]
    [InlineData("# nothing yet\n", "p: no rules and no default")]
    [InlineData("- transform: not", "p:1: a mapping of keys")]
    [InlineData("rules: not", "p:1: rules 'not': a list of rules")]
    [InlineData("rules:\n  - not", "p:2: rules.0 'not': a rule is expected")]
    [InlineData("rules:\n  - name: a", "p:2: rules.0.name: rules.0 needs either transform or")]
    [InlineData("rules:\n  - peer: [::1]", "p:2: rules.0.peer.0: rules.0 needs either transform or")]
    [InlineData("rules:\n  - transform: not\n    deny: true", "p:2: rules.0.transform: rules.0 needs either")]
    [InlineData("rules:\n  - plain: true\n    deny: true", "p:2: rules.0.plain: rules.0 needs either transform or 'plain: true' or 'deny: true', and only one of them")]
    [InlineData("rules:\n  - transform: not\n    plain: true", "p:2: rules.0.transform: rules.0 needs either")]
    [InlineData("rules:\n  - plain: yes", "p:2: rules.0.plain 'yes': only true")]
    [InlineData("rules:\n  - plain: true\n    role: [p2, alone]", "p:2: rules.0.plain 'true': only outbound sidecars ask whether a connection should be plain")]
    [InlineData("rules:\n  - transform: plain", "p:2: rules.0.transform 'plain': random, or a transform, is expected")]
    [InlineData("default: plain", "p:1: default 'plain': random, or a transform, is expected")]
    [InlineData("rules:\n  - deny: false", "p:2: rules.0.deny 'false': only true")]
    [InlineData("rules:\n  - deny: true\n  - transform: rot13", "p:3: rules.1.transform 'rot13': random, or a transform, is expected: 1:1: an expression expected, got rot13")]
    [InlineData("rules:\n  - transform: xor 256", "p:2: rules.0.transform 'xor 256': random, or a transform, is expected: 1:5: a byte 0..255 expected, got 256")]
    [InlineData("rules:\n  - transform: not\n    role: p3", "p:3: rules.0.role 'p3': one of alone, outbound (p1, client)")]
    [InlineData("rules:\n  - transform: not\n    role: [p1, p4]", "p:3: rules.0.role.1 'p4': one of")]
    [InlineData("rules:\n  - transform: not\n    peer: 10.0.0.0/33", "p:3: rules.0.peer '10.0.0.0/33': a prefix length 0 to 32")]
    [InlineData("rules:\n  - transform: not\n    peer: ::1/129", "p:3: rules.0.peer '::1/129': a prefix length 0 to 128")]
    [InlineData("rules:\n  - transform: not\n    peer: 10.1.2.3/8", "write 10.0.0.0/8 for the network or 10.1.2.3 for the one address")]
    [InlineData("rules:\n  - transform: not\n    peer: 10.1", "p:3: rules.0.peer '10.1': an address or a network")]
    [InlineData("rules:\n  - transform: not\n    peer: 010.0.0.1", "p:3: rules.0.peer '010.0.0.1': an address")]
    [InlineData("rules:\n  - transform: not\n    peer: localhost", "p:3: rules.0.peer 'localhost': an address")]
    [InlineData("rules:\n  - transform: not\n    peer:", "p:3: rules.0.peer: a value is missing")]
    [InlineData("rules:\n  - transform: not\n    peer: []", "p:3: rules.0.peer: a value is missing")]
    [InlineData("rules:\n  - transform: not\n    peer: \"\"", "p:3: rules.0.peer: a value is missing")]
    [InlineData("rules:\n  - transform: not\n    peer: [[10.0.0.0/8]]", "p:3: rules.0.peer.0.0 '10.0.0.0/8': rules.0.peer.0 takes one value, not a list or mapping")]
    [InlineData("rules:\n  - transform: not\n    role: [p1, p2: x]", "p:3: rules.0.role.1.p2 'x': rules.0.role.1 takes one value, not a list or mapping")]
    [InlineData("rules:\n  - peer: {1: 10.0.0.1}", "p:2: rules.0.peer.1: rules.0 needs either")]
    [InlineData("rules:\n  - deny: true\n    peer: ','", "p:3: rules.0.peer ',': a value is missing")]
    [InlineData("rules:\n  - transform: not\n  -\n", "p:3: rules.1: a value is missing")]
    [InlineData("rules:\n  - transform: not\n    rolle: p1", "p:3: rules.0.rolle: unknown key; the nearest known one is rules.0.role")]
    [InlineData("rules:\n  - transfrom: not", "p:2: rules.0.transfrom: unknown key; the nearest known one is rules.0.transform")]
    [InlineData("default: maybe", "p:1: default 'maybe': random, or a transform, is expected: 1:1: an expression expected, got maybe")]
    [InlineData("transforms: {a: not}", "p: no rules and no default")]
    [InlineData("rules:\n  - transform: not\n    listener: a b", "p:3: rules.0.listener 'a b': a listener's name is expected")]
    [InlineData("rules:\n  - transform: not\n    listener: [in, h\u00f6h]", "p:3: rules.0.listener.1 'h\u00f6h': a listener's name is expected")]
    [InlineData("rules:\n  - transform: not\n    listener: {in: x}", "p:3: rules.0.listener.in 'x': rules.0.listener takes a list, not a mapping")]
    [InlineData("rules:\n  - transform: not\n    destination: [h, '*:0']", "p:3: rules.0.destination.1 '*:0': a port 1 to 65535")]
    [InlineData("rules:\n  - transform: not\n    destination: 127.1", "p:3: rules.0.destination '127.1': a host name, *.name")]
    [InlineData("rules:\n  - transform: not\n    destination: []", "p:3: rules.0.destination: a value is missing")]
    [InlineData("default: a\ntransforms:\n  b: not\n  a: (xor 300)", "p:4: transforms.a '(xor 300)': a: 1:6: a byte 0..255 expected, got 300")]
    [InlineData("default: a\ntransforms:\n  b: not\n  xor: not", "p:4: transforms.xor 'not': xor: the language has this word already")]
    [InlineData("default: a\ntransforms:\n  b: not\n  random: not", "p:4: transforms.random 'not': random: the language has this word already")]
    [InlineData("default: a\ntransforms:\n  b: not\n  deny: not", "p:4: transforms.deny 'not': deny: the language has this word already")]
    [InlineData("default: |\n  (chain\n    (xor 300))\n", "p:1: default '(chain (xor 300))': random, or a transform, is expected: 2:8: a byte 0..255 expected, got 300")]
    [InlineData("default: a\ntransforms:\n  a: [not]", "p:3: transforms.a.0 'not': transforms.a takes one value, not a list or mapping")]
    [InlineData("default: a\ntransforms: not", "p:2: transforms 'not': a mapping of names to values is expected")]
    [InlineData("default: not\nfilters: [/nonexistent/x.dll]", "p:2: filters.0 '/nonexistent/x.dll': ")]
    [InlineData("default: not\nfilters: [Oracle.dll]", "p:2: filters.0 'Oracle.dll': ")]
    [InlineData("defualt: deny", "p:1: defualt: unknown key; the nearest known one is default")]
    [InlineData("rules:\n  - {name: a, deny: true}\n  - {name: a, deny: true}", "p:3: rules.1.name 'a': the name is taken")]
    [InlineData("rules:\n  - {name: default, deny: true}", "p:2: rules.0.name 'default': the name is taken")]
    [InlineData("rules:\n  - name: 0123456789012345678901234567890123456789012345678901234567890123x\n    deny: true", "p:2: rules.0.name '0123")]
    [InlineData("rules:\n\t- deny: true", "p:2: a tab stands before the first word")]
    [InlineData("default: deny\nrules: [1,\n2\n", "p:2: the text from here on is not YAML")]
    [InlineData("\t: ?,", "p:1: a key is missing before the colon")]
    [InlineData("default: deny\n---\ndefault: not", "p:2: only one YAML document")]
    [InlineData("default: deny\ndefault: not", "p:2: ")]
    public void Parse_Error_NamesLineKeyValueAndReason(string text, string expected)
    {
        var error = Assert.Throws<UsageException>(() => PolicyFile.Parse(text, "p"));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void Parse_Route_IsReadInItsCanonicalForm()
    {
        var rule = Assert.Single(PolicyFile.Parse("""
            rules: [{deny: true, listener: "in,web-45001", destination: ["*.Example.org.:443", "[fd00::/8]:80", 10.0.0.0/8]}]
            """, "p").Rules);
        Assert.Equal(["in", "web-45001"], rule.Listeners!);
        Assert.Equal(["*.example.org:443", "[fd00::/8]:80", "10.0.0.0/8"], rule.Destinations!.Select(d => d.ToString()));
    }

    [Fact]
    public void Parse_NamesAndFilters_AreWordsOfItsTransforms()
    {
        var policy = PolicyFile.Parse($$"""
            filters: ["{{typeof(CountUp).Assembly.Location}}"]
            transforms: {scramble: (chain twist (rotl 3)), twist: (chain (test-count-up 5) not)}
            rules: [{role: p2, transform: (chain scramble (inverse twist))}]
            default: scramble
            """, "p");
        Assert.Equal("(chain (test-count-up 5) not (rotl 3) not (inverse (test-count-up 5)))", policy.Rules[0].Grant.ToString());
        Assert.Equal("(chain (test-count-up 5) not (rotl 3))", policy.Default.ToString());
    }

    [Theory]
    [InlineData("random")]
    [InlineData("deny")]
    public void Parse_AFilterWithAWordOfThePolicy_IsRefused(string word)
    {
        using var folder = new TempFolder();
        var filter = UserFilter.Compile(folder, UserFilter.Source(name: $"\"{word}\""));
        Assert.Equal($"p:2: filters.0 '{filter}': {word}: the language has this word already",
            Assert.Throws<UsageException>(() => PolicyFile.Parse($"default: not\nfilters: [\"{filter}\"]\n", "p")).Message);
    }

    [Fact]
    public void Parse_TransformThatFitsNoAnswer_IsRefused()
    {
        // "ok " and the text: a line holds 4,096.
        Assert.Equal(4093, Grant(Filler(4093)).ToString().Length);
        var error = Assert.Throws<UsageException>(() => Grant(Filler(4094)));
        Assert.EndsWith("its canonical form has 4094 characters, more than an answer's line of 4096 bytes holds", error.Message, StringComparison.Ordinal);
        // A short text can be a long transform.
        Assert.Throws<UsageException>(() => PolicyFile.Parse($"transforms: {{long: {Filler(3000)}}}\ndefault: (chain long long)", "p"));

        static TransformChoice Grant(string text) => PolicyFile.Parse($"default: {text}", "p").Default!.Value;

        // Two keys and, for the odd character, a number of two digits.
        static string Filler(int length)
        {
            var digits = length - "(chain (xor-key \"\") (xor-key \"\") (xor 1))".Length;
            return $"(chain (xor-key \"{new string('a', 2040)}\") (xor-key \"{new string('b', (digits - 2040) / 2 * 2)}\") (xor 1{(digits % 2 == 1 ? "1" : "")}))";
        }
    }

    [Fact]
    public void Parse_RulesBeyondTheLimit_AreRefusedAtTheirLine()
    {
        var rules = string.Concat(Enumerable.Repeat("  - deny: true\n", 1000));
        Assert.Equal(1000, PolicyFile.Parse("rules:\n" + rules, "p").Rules.Count);
        var error = Assert.Throws<UsageException>(() => PolicyFile.Parse("rules:\n" + rules + "  - deny: true\n", "p"));
        Assert.Equal("p:1002: rules.1000.deny: a policy has at most 1000 rules", error.Message);
    }

    [Fact]
    public void Parse_AliasesAndDeepNesting_EndInAnErrorAndNotInTheProcess()
    {
        var bomb = "a: &a [" + string.Join(',', Enumerable.Repeat("[]", 50)) + "]\n"
            + string.Concat("bcdefgh".Select(c => $"{c}: &{c} [{string.Join(',', Enumerable.Repeat($"*{(char)(c - 1)}", 50))}]\n"));
        Assert.Throws<UsageException>(() => PolicyFile.Parse(bomb, "p"));
        Assert.Throws<UsageException>(() => PolicyFile.Parse(new string('[', 500_000), "p"));
        Assert.Throws<UsageException>(() => PolicyFile.Parse("rules: &a [*a]", "p"));
    }
}
