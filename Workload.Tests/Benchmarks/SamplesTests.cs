using Sidecar.Benchmarks.Candidates;
using Sidecar.Benchmarks.Measures;
using Xunit;

namespace Workload.Tests.Benchmarks;

public sealed class SamplesTests
{
    private readonly Samples _samples = new();

    [Fact]
    public void Median_OddEvenAndNone_IsTheMiddle()
    {
        Assert.Equal(new Spread(2, 1, 9), Spread.Over([9, 1, 2]));
        Assert.Equal(new Spread(3, 1, 9), Spread.Over([9, 1, 4, 2]));
        Assert.Null(Spread.Over([]));
    }

    [Fact]
    public void Ratio_MachineSlowsDownBetweenRounds_IsThatWithinTheRounds()
    {
        // Medians of each would give 4/4; within each round it was a half, a half, and once twice.
        Add(CandidateList.Sidecar, 1, 4, 8);
        Add(CandidateList.Haproxy, 2, 8, 4);
        Assert.Equal(new Spread(0.5, 0.5, 2), _samples.Ratio(CandidateList.Sidecar, CandidateList.Haproxy, Quantity.CpuPerRequest));
    }

    [Fact]
    public void Ratio_RoundWithoutThePeer_DoesNotCount()
    {
        Add(CandidateList.Sidecar, 1, 100);
        Add(CandidateList.Haproxy, 2);
        Assert.Equal(new Spread(0.5, 0.5, 0.5), _samples.Ratio(CandidateList.Sidecar, CandidateList.Haproxy, Quantity.CpuPerRequest));
        Assert.Null(_samples.Ratio(CandidateList.Sidecar, CandidateList.Nginx, Quantity.CpuPerRequest));
        Assert.Null(_samples.Ratio(CandidateList.Sidecar, CandidateList.Haproxy, Quantity.P99));
    }

    [Theory]
    [InlineData(0.80, "Aim")]
    [InlineData(0.81, "Required")]
    [InlineData(0.95, "Required")]
    [InlineData(0.96, "Missed")]
    public void Goal_OfACost_CountsAtMost(double ratio, string verdict) =>
        Assert.Equal(verdict, new Goal(Quantity.CpuPerRequest, "a", "b", 0.95, 0.80).Judge(ratio).ToString());

    [Theory]
    [InlineData(1.4, "Aim")]
    [InlineData(1.39, "Required")]
    [InlineData(1.2, "Required")]
    [InlineData(1.19, "Missed")]
    public void Goal_OfARate_CountsAtLeast(double ratio, string verdict) =>
        Assert.Equal(verdict, new Goal(Quantity.RateUp, "a", "b", 1.2, 1.4).Judge(ratio).ToString());

    [Fact]
    public void Data_OfGoalsStepsAndCandidates_FitTogether()
    {
        Assert.Equal(CandidateList.All.Count, CandidateList.All.DistinctBy(c => c.Name).Count());
        Assert.Equal(Quantity.All.Count, Quantity.All.DistinctBy(q => q.Name).Count());
        Assert.All(Step.All.SelectMany(step => step.Candidates), name => Assert.Contains(CandidateList.All, c => c.Name == name));
        Assert.All(Step.All, step => Assert.Contains(step.Cost, Quantity.All));
        foreach (var goal in Goal.All)
        {
            Assert.Contains(goal.Quantity, Quantity.All);
            Assert.True(goal.Aim is null || (goal.Quantity.MoreIsBetter ? goal.Aim > goal.Required : goal.Aim < goal.Required), goal.ToString());
            // A ratio needs both in the same step.
            if (Step.All.SingleOrDefault(step => step.Cost == goal.Quantity) is { } measured)
                Assert.All(new[] { goal.Subject, goal.Peer! }, name => Assert.Contains(name, measured.Candidates));
        }
    }

    private void Add(string candidate, params double[] values)
    {
        for (var round = 1; round <= values.Length; round++)
            _samples.Add(new Sample(round, candidate, Quantity.CpuPerRequest, values[round - 1]));
    }
}
