using Sidecar.Owners;
using Xunit;

namespace Sidecar.Tests.Owners;

public sealed class CgroupMountTests
{
    [Theory]
    [InlineData("29 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate", "/sys/fs/cgroup")]
    [InlineData("29 23 0:26 / /a\\040b rw - cgroup2 none rw", "/a b")]
    [InlineData("40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,name=systemd", null)]
    [InlineData("41 31 0:38 / /sys/fs/cgroup/unified rw,relatime master:1 propagate_from:2 - cgroup2 cgroup2 rw", "/sys/fs/cgroup/unified")]
    [InlineData("41 31 0:38 / /cgroup2 rw -", null)]
    [InlineData("", null)]
    public void Mount_OfVersion2_IsFound(string line, string? folder) => Assert.Equal(folder, CgroupMount.Find(["1 0 0:1 / / rw - ext4 /dev/vda rw", line]));
}
