using Sidecar.Owners;
using Xunit;

namespace Sidecar.Tests.Owners;

public sealed class ContainerTests
{
    private const string Id = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    private const string Outer = "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210";

    // As Docker, containerd, CRI-O and podman name groups, with systemd and without.
    [Theory]
    [InlineData($"/sys/fs/cgroup/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod4a5b_1.slice/cri-containerd-{Id}.scope", Id)]
    [InlineData($"/sys/fs/cgroup/kubepods.slice/kubepods-pod1.slice/crio-{Id}.scope/container", Id)]
    [InlineData($"/sys/fs/cgroup/kubepods.slice/kubepods-pod1.slice/crio-conmon-{Id}.scope", null)]
    [InlineData($"/sys/fs/cgroup/kubepods/besteffort/pod0f-1/{Id}", Id)]
    [InlineData($"/sys/fs/cgroup/kubepods/pod0f-1/{Id}/init.scope", Id)]
    [InlineData($"/sys/fs/cgroup/system.slice/docker-{Id}.scope (deleted)", Id)]
    [InlineData($"/sys/fs/cgroup/system.slice/containerd.service/kubepods-burstable-pod1.slice:cri-containerd:{Id}", Id)]
    [InlineData($"/sys/fs/cgroup/machine.slice/libpod-{Id}.scope/container", Id)]
    [InlineData($"/sys/fs/cgroup/machine.slice/libpod-conmon-{Id}.scope", null)]
    [InlineData($"0::/docker/{Id}", Id)]
    [InlineData($"12:memory:/docker/{Id}", Id)]
    [InlineData($"0::/docker/{Outer}/docker/{Id}", Id)]
    [InlineData("0::/user.slice/user-0.slice/session-1.scope", null)]
    [InlineData("0::/", null)]
    [InlineData("", null)]
    [InlineData($"/docker/{Id}0", null)]
    [InlineData("/docker/0123456789abcdef", null)]
    public void IdOf_AGroup_IsItsContainers(string path, string? expected) => Assert.Equal(expected, Container.IdOf(path));
}
