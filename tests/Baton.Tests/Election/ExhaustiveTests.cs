using System.Globalization;

namespace Baton.Tests;

/// <summary>
/// Walks every state that a few candidates can reach under a few faults, breadth first, and demands the
/// promises
/// in each. <c>BATON_MODEL_STATES</c> raises the bound on the number of states, <c>BATON_MODEL_FAULTS</c>
/// that on
/// the faults of one run.
/// </summary>
public sealed class ExhaustiveTests
{
    private static readonly int MostStates = Setting("BATON_MODEL_STATES", 110_000);

    [Theory]
    [InlineData(2, 2, true, true)]
    [InlineData(2, 2, false, false)]
    [InlineData(2, 3, true, true)]
    [InlineData(3, 1, true, true)]
    public void No_state_breaks_a_promise(int candidates, int faults, bool sharedClock, bool witnesses)
    {
        var rules = new WorldRules(candidates, Setting("BATON_MODEL_FAULTS", faults), sharedClock, witnesses);
        var walk = Walk(rules, MostStates);
        TestContext.Current.TestOutputHelper!.WriteLine(
            $"{walk.States} states, {walk.Steps} steps, "
            + (walk.IsComplete ? "all there are" : "stopped at the bound"));

        // A walk that meets no takeover proves nothing.
        Assert.True(walk.HighestEpoch >= 2, $"the walk went no further than epoch {walk.HighestEpoch}");
        Assert.True(walk.IsComplete || walk.States >= MostStates);
        if (walk.IsComplete)
        {
            Assert.Equal(Enum.GetValues<ElectionPhase>(), walk.Phases.Order());
        }
    }

    private sealed record Outcome(
        int States, long Steps, long HighestEpoch, IReadOnlySet<ElectionPhase> Phases, bool IsComplete);

    private static Outcome Walk(WorldRules rules, int mostStates)
    {
        var key = new WorldKey();
        var worlds = new List<(World World, int From, string What)> { (rules.Begin(), -1, "begins") };
        var known = new HashSet<string> { key.Of(worlds[0].World) };
        var phases = new HashSet<ElectionPhase>();
        var steps = 0L;
        var highest = 0L;
        var at = 0;
        for (; at < worlds.Count && worlds.Count < mostStates; at++)
        {
            var world = worlds[at].World;
            var what = "";
            try
            {
                foreach (var (name, next) in rules.Successors(world))
                {
                    steps++;
                    what = name;
                    WorldRules.Check(next);
                    if (known.Add(key.Of(next)))
                    {
                        worlds.Add((next, at, name));
                        highest = Math.Max(highest, next.Row.Epoch.Value);
                        phases.UnionWith(next.Nodes.Select(node => node.State.Phase));
                    }
                }
            }
            catch (BrokenPromiseException broken)
            {
                Assert.Fail($"{broken.Message}:\n{string.Join('\n', Path(worlds, at))}\nthen, at or after: {what}");
            }
        }

        return new(worlds.Count, steps, highest, phases, at == worlds.Count);
    }

    private static List<string> Path(List<(World World, int From, string What)> worlds, int at)
    {
        var path = new List<string>();
        for (var from = at; from >= 0; from = worlds[from].From)
        {
            path.Add(worlds[from].What);
        }

        path.Reverse();
        return path;
    }

    private static int Setting(string name, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out var value)
            ? value : otherwise;
}
