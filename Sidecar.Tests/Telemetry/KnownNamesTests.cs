using Sidecar.Telemetry;
using Testing;
using Xunit;

namespace Sidecar.Tests.Telemetry;

public sealed class KnownNamesTests
{
    private readonly ManualTimeProvider _time = new();
    private readonly KnownNames _names;

    public KnownNamesTests() => _names = new KnownNames(3, TimeSpan.FromHours(1), _time);

    [Fact]
    public void Find_SameName_IsTheSameString() => Assert.Same(_names.Find("a", mayAdd: true), _names.Find("a", mayAdd: false));

    [Fact]
    public void Find_NameThatMayNotBeAdded_HasNoPlace() => Assert.Null(_names.Find("a", mayAdd: false));

    [Fact]
    public void Find_WhenFull_AddsNoneForAnHour()
    {
        Fill();
        _time.Advance(TimeSpan.FromMinutes(59));
        Assert.Null(_names.Find("new", mayAdd: true));
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal("new", _names.Find("new", mayAdd: true));
    }

    [Fact]
    public void Find_WhenMadeUpNamesLeave_UsedOnesKeepTheirPlaces()
    {
        var kept = _names.Find("kept", mayAdd: true);
        _names.Find("made-up-1", mayAdd: true);
        _names.Find("made-up-2", mayAdd: true);
        for (var i = 0; i < 4; i++)
        {
            _time.Advance(TimeSpan.FromMinutes(20));
            Assert.Same(kept, _names.Find("kept", mayAdd: false));
        }

        Assert.NotNull(_names.Find("new", mayAdd: true));
        Assert.Same(kept, _names.Find("kept", mayAdd: false));
        Assert.Null(_names.Find("made-up-1", mayAdd: false));
    }

    private void Fill()
    {
        for (var i = 0; i < 3; i++)
            Assert.NotNull(_names.Find($"made-up-{i}", mayAdd: true));
    }
}
