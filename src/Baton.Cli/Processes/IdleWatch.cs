using Baton.Work;

namespace Baton.Cli;

/// <summary>Waits until no task can go on.</summary>
/// <param name="session">Where the tasks are; the store is opened anew when it is lost.</param>
/// <param name="floor">The highest epoch known when the watch began.</param>
/// <param name="pool">What the workers offer that are kept here, on the roster yet or not.</param>
internal sealed class IdleWatch(Session session, Epoch floor, IReadOnlyList<Skills> pool)
{
    private const int MostNamed = 5;

    // A task that ends may open others, or be followed by one that its command submits: one look proves
    // little.
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(300);

    /// <summary>
    /// Waits until two looks in a row show the same and nothing that could go on; gives what was seen.
    /// </summary>
    public async Task<TaskCounts> UntilIdleAsync(CancellationToken stop)
    {
        TaskCounts? before = null;
        while (true)
        {
            try
            {
                var snapshot = await session.Work.SnapshotAsync(stop);
                var counts = snapshot.Tasks;
                // A store below the epochs known was lost or put back: until a leader has said so it proves
                // nothing.
                var isIdle = snapshot.Fence.Epoch >= floor && await IsIdleAsync(counts, stop);
                if (isIdle && counts == before)
                {
                    return counts;
                }

                before = isIdle ? counts : null;
            }
            catch (StoreUnavailableException e)
            {
                before = null;
                if (!e.IsTransient)
                {
                    session.Doubt();
                }
            }

            await Task.Delay(BetweenLooks, session.Around.Clock, stop);
        }
    }

    /// <summary>Names, in a line, what is not done and never will be by itself.</summary>
    public async Task<string> WhatIsStuckAsync(CancellationToken cancel)
    {
        var all = await session.Work.TasksAsync(new(), cancel);
        var skills = await SkillsAsync(cancel);
        var groups = all
            .Where(task => task.Status is not (DurableTaskStatus.Completed or DurableTaskStatus.Cancelled))
            .GroupBy(task => task switch
            {
                { IsReady: true } when !skills.Any(agent => agent.Fits(task)) => Wanted(task),
                { Status: DurableTaskStatus.Pending } => "waiting for what will not come",
                _ => task.Status.Name(),
            });
        return string.Join("; ", groups.Select(group =>
        {
            var more = group.Count() > MostNamed ? $" and {group.Count() - MostNamed} more" : "";
            return $"{group.Key}: {string.Join(", ", group.Take(MostNamed).Select(task => task.Id))}{more}";
        }));
    }

    private async Task<bool> IsIdleAsync(TaskCounts counts, CancellationToken stop)
    {
        if (counts.IsIdle || counts.InProgress > 0)
        {
            return counts.IsIdle;
        }

        // Tasks for a role that nobody has, or that need what nobody can do, are ready, and stay so.
        var ready = await session.Work.TasksAsync(new() { Ready = true }, stop);
        var skills = await SkillsAsync(stop);
        return ready.All(task => (task.Role is not null || !task.Needs.IsEmpty)
            && !skills.Any(agent => agent.Fits(task)));
    }

    private async Task<List<Skills>> SkillsAsync(CancellationToken cancel) =>
        [.. pool, .. (await session.Work.SnapshotAsync(cancel)).Agents.Select(agent => agent.Skills)];

    private static string Wanted(DurableTask task) => (task.Role, task.Needs) switch
    {
        (null, { IsEmpty: true }) => "ready, and nobody takes them",
        ({ } role, { IsEmpty: true }) => $"no agent has the role '{role}'",
        (null, var needs) => $"no agent can '{string.Join(",", needs)}'",
        var (role, needs) => $"no agent has the role '{role}' and can '{string.Join(",", needs)}'",
    };
}
