namespace Baton.Simulation;

/// <summary>What a walk through every reachable world found.</summary>
/// <param name="States">How many worlds it reached that no rule can tell apart.</param>
/// <param name="Steps">How many steps led to them.</param>
/// <param name="HighestEpoch">How far the epochs went.</param>
/// <param name="Phases">The phases that some candidate was in.</param>
/// <param name="IsComplete">Whether that is all there is, or where the walk was ended.</param>
/// <param name="Broken">What was broken, and the way there; null when nothing was.</param>
internal sealed record Walk(
    int States, long Steps, long HighestEpoch, IReadOnlySet<ElectionPhase> Phases, bool IsComplete, string? Broken)
{
    /// <summary>Walks breadth first and demands the promises in each world.</summary>
    /// <param name="rules">The rules of the small world.</param>
    /// <param name="isEnough">Given the number of states, whether to end here.</param>
    public static Walk Through(WorldRules rules, Func<int, bool> isEnough)
    {
        var key = new WorldKey();
        var worlds = new List<(World World, int From, string What)> { (rules.Begin(), -1, "begins") };
        var known = new HashSet<string> { key.Of(worlds[0].World) };
        var phases = new HashSet<ElectionPhase>();
        var (steps, highest, at) = (0L, 0L, 0);
        for (; at < worlds.Count && !isEnough(worlds.Count); at++)
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
                return new(worlds.Count, steps, highest, phases, false,
                    $"{broken.Message}:\n{string.Join('\n', Path(worlds, at))}\nthen, at or after: {what}");
            }

            // What was walked through is needed only for the way back.
            worlds[at] = worlds[at] with { World = null! };
        }

        return new(worlds.Count, steps, highest, phases, at == worlds.Count, null);
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
}
