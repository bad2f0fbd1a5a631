using System.Collections.Immutable;

namespace Baton.Work;

/// <summary>The pure rules of dependencies: they exist, and they form no cycle.</summary>
public static class DependencyRules
{
    /// <summary>What is known of one name that a new task depends on.</summary>
    /// <param name="Matches">The tasks that the name fits: by key, by id, or by a prefix of the id.</param>
    public readonly record struct Lookup(ImmutableArray<TaskId> Matches);

    /// <summary>Resolves the dependencies of a batch of new tasks and refuses cycles among them.</summary>
    /// <param name="tasks">The batch.</param>
    /// <param name="find">
    /// Finds tasks that the store has already: by exact key or id first, else by prefix; at most two.
    /// </param>
    /// <returns>The ids in the order of the batch, or the index and the refusal of the first task at fault.</returns>
    public static (ImmutableArray<ImmutableArray<TaskId>> DependsOn, int Index, Refusal? Refusal) Resolve(
        ImmutableArray<NewTask> tasks, Func<string, Lookup> find)
    {
        ArgumentNullException.ThrowIfNull(find);
        var own = new Dictionary<string, TaskId>(StringComparer.Ordinal);
        foreach (var task in tasks)
        {
            own[task.Id.Value] = task.Id;
            if (task.Key is { } key)
            {
                own[key] = task.Id;
            }
        }

        var resolved = ImmutableArray.CreateBuilder<ImmutableArray<TaskId>>(tasks.Length);
        for (var i = 0; i < tasks.Length; i++)
        {
            var ids = ImmutableArray.CreateBuilder<TaskId>();
            foreach (var name in tasks[i].DependsOn)
            {
                if (!own.TryGetValue(name, out var id))
                {
                    var matches = find(name).Matches;
                    if (matches.Length != 1)
                    {
                        return ([], i, matches.IsEmpty
                            ? new(RefusalKind.UnknownDependency,
                                $"'{tasks[i].Title}' depends on '{name}', and there is no such task")
                            : new(RefusalKind.Ambiguous,
                                $"'{tasks[i].Title}' depends on '{name}', which fits several tasks"));
                    }

                    id = matches[0];
                }

                if (!ids.Contains(id))
                {
                    ids.Add(id);
                }
            }

            resolved.Add(ids.ToImmutable());
        }

        var dependsOn = resolved.MoveToImmutable();
        var index = tasks.Select((task, at) => (task.Id, at)).ToDictionary(pair => pair.Id, pair => pair.at);
        var cycle = FindCycle(tasks.Select(task => task.Id),
            id => index.TryGetValue(id, out var at) ? dependsOn[at] : []);
        return cycle.IsEmpty
            ? (dependsOn, -1, null)
            : ([], index[cycle[0]], new(RefusalKind.Cycle,
                $"the dependencies form a cycle: {Text(cycle, tasks, index)}"));
    }

    /// <summary>Why a dependency may not be added; null when it may.</summary>
    /// <param name="task">Which task is to wait.</param>
    /// <param name="on">For which.</param>
    /// <param name="dependsOn">What a task depends on now.</param>
    public static Refusal? WhyNot(TaskId task, TaskId on, Func<TaskId, ImmutableArray<TaskId>> dependsOn)
    {
        ArgumentNullException.ThrowIfNull(dependsOn);
        var cycle = FindCycle([task], id => id == task ? [on] : dependsOn(id));
        return cycle.IsEmpty ? null
            : new(RefusalKind.Cycle, $"the dependencies would form a cycle: {string.Join(" → ", cycle)}");
    }

    /// <summary>
    /// The first cycle that can be reached, its first task repeated at the end; empty when there is none.
    /// Depth
    /// first with three colours and a stack of its own, so that a long chain can't overflow the thread's.
    /// </summary>
    private static ImmutableArray<TaskId> FindCycle(
        IEnumerable<TaskId> roots, Func<TaskId, ImmutableArray<TaskId>> dependsOn)
    {
        var done = new HashSet<TaskId>();
        var path = new List<TaskId>();
        var onPath = new HashSet<TaskId>();
        var rest = new Stack<(ImmutableArray<TaskId> Ids, int Next)>();
        foreach (var root in roots)
        {
            rest.Push(([root], 0));
            while (rest.TryPop(out var frame))
            {
                if (frame.Next == frame.Ids.Length)
                {
                    if (path.Count > 0)
                    {
                        onPath.Remove(path[^1]);
                        done.Add(path[^1]);
                        path.RemoveAt(path.Count - 1);
                    }

                    continue;
                }

                var id = frame.Ids[frame.Next];
                rest.Push((frame.Ids, frame.Next + 1));
                if (onPath.Contains(id))
                {
                    return [.. path.SkipWhile(step => step != id), id];
                }

                if (!done.Contains(id))
                {
                    path.Add(id);
                    onPath.Add(id);
                    rest.Push((dependsOn(id), 0));
                }
            }
        }

        return [];
    }

    private static string Text(
        ImmutableArray<TaskId> cycle, ImmutableArray<NewTask> tasks, Dictionary<TaskId, int> index) =>
        string.Join(" → ", cycle.Select(id => tasks[index[id]].Key ?? id.Value));
}
