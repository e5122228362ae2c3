using Sidecar.Hosting;
using Xunit;

namespace Sidecar.Tests.Hosting;

public sealed class StartPagesTests
{
    // A mapping that has a page of its own (the relocated constants), one that can be written, and another file's must stay.
    [Fact]
    public void UnchangedMappings_AreThoseWithoutAnOwnPage()
    {
        const string Maps = """
            55d0c0a00000-55d0c0e14000 r--p 00000000 fe:00 1234                       /app/Sidecar
            Rss:                6392 kB
            Private_Dirty:         0 kB
            Anonymous:             0 kB
            55d0c0e14000-55d0c14ff000 r-xp 00414000 fe:00 1234                       /app/Sidecar
            Anonymous:             0 kB
            55d0c14ff000-55d0c1502000 r--p 00aff000 fe:00 1234                       /app/Sidecar
            Anonymous:            12 kB
            55d0c1502000-55d0c1505000 rw-p 00b02000 fe:00 1234                       /app/Sidecar
            Anonymous:             0 kB
            7f0000000000-7f0000001000 r-xp 00000000 fe:00 99                         /usr/lib/libc.so.6
            Anonymous:             0 kB
            7f0000001000-7f0000002000 rw-p 00000000 00:00 0
            Anonymous:             0 kB
            """;

        Assert.Equal(
            [(0x55d0c0a00000UL, 0x414000UL), (0x55d0c0e14000UL, 0x6eb000UL)],
            StartPages.UnchangedMappings(Maps.Split('\n'), "/app/Sidecar").Select(mapping => ((ulong)mapping.Start, (ulong)mapping.Length)));
    }
}
