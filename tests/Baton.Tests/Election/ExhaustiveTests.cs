using System.Globalization;
using Baton.Simulation;

namespace Baton.Tests;

/// <summary>
/// Walks every state that a few candidates can reach under a few faults, breadth first, and demands the
/// promises in each. <c>BATON_MODEL_STATES</c> raises the bound on the number of states,
/// <c>BATON_MODEL_FAULTS</c> that on the faults of one run.
/// </summary>
public sealed class ExhaustiveTests
{
    private static readonly int MostStates = Setting("BATON_MODEL_STATES", 250_000);

    [Theory]
    [InlineData(2, 2, true, true)]
    [InlineData(2, 2, false, false)]
    [InlineData(2, 3, true, true)]
    [InlineData(3, 1, true, true)]
    public void No_state_breaks_a_promise(int candidates, int faults, bool sharedClock, bool witnesses)
    {
        var rules = new WorldRules(candidates, Setting("BATON_MODEL_FAULTS", faults), sharedClock, witnesses);
        var walk = Walk.Through(rules, states => states >= MostStates);
        TestContext.Current.TestOutputHelper!.WriteLine(
            $"{walk.States} states, {walk.Steps} steps, "
            + (walk.IsComplete ? "all there are" : "stopped at the bound"));

        Assert.True(walk.Broken is null, walk.Broken);
        // A walk that meets no takeover proves nothing.
        Assert.True(walk.HighestEpoch >= 2, $"the walk went no further than epoch {walk.HighestEpoch}");
        Assert.True(walk.IsComplete || walk.States >= MostStates);
        if (walk.IsComplete)
        {
            Assert.Equal(Enum.GetValues<ElectionPhase>(), walk.Phases.Order());
        }
    }

    private static int Setting(string name, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out var value)
            ? value : otherwise;
}
