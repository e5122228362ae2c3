using Chassis.Records;
using Testing;
using Xunit;

namespace Sidecar.Tests.Chassis;

public sealed class FileCheckTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("a", "a", true)]
    [InlineData("a", "./a", true)]
    [InlineData("a", "folder/../a", true)]
    [InlineData("folder/a", "link/a", true)]
    [InlineData("folder/a", "link/folder/../a", true)]
    [InlineData("folder/a", "file-link", true)]
    [InlineData("folder/a", "second-link", true)]
    [InlineData("folder/a", "a", false)]
    [InlineData("a", "A", false)]
    [InlineData("circle", "a", false)]
    public void IsSame_Spellings_AreComparedByWhereTheyLead(string one, string other, bool isSame)
    {
        Directory.CreateDirectory(_folder.File("folder"));
        Link("link", "folder");
        Link("file-link", "folder/a");
        Link("second-link", _folder.File("file-link"));
        Link("circle", "circle");

        Assert.Equal(isSame, FileCheck.IsSame(_folder.File(one), _folder.File(other)));
        Assert.Equal(isSame, FileCheck.IsSame(_folder.File(other), _folder.File(one)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("a\0b")]
    public void IsSame_WhatIsNoPath_IsNobodysFile(string path) => Assert.False(FileCheck.IsSame(path, "/tmp/x"));

    private void Link(string name, string target) => File.CreateSymbolicLink(_folder.File(name), target);
}
