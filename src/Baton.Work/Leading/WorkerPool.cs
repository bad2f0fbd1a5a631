using System.Collections.Immutable;

namespace Baton.Work;

/// <summary>A worker process that was started.</summary>
/// <param name="Pid">Its process id.</param>
/// <param name="Exited">Completes when it has ended.</param>
public sealed record StartedWorker(int Pid, Task Exited);

/// <summary>Workers that are alike.</summary>
/// <param name="Name">Their stable name on the roster, by which they are counted.</param>
/// <param name="Size">How many there are to be.</param>
/// <param name="Start">Starts one.</param>
public sealed record WorkerGroup(string Name, int Size, Func<StartedWorker> Start);

/// <summary>
/// Keeps workers alive, of each group as many as it is to have. It counts the living agents of the roster, not its own
/// children: workers outlive the leader that started them, and a new leader does not start as many again.
/// </summary>
/// <param name="groups">The groups; no two of one name.</param>
/// <param name="clock">The clock.</param>
public sealed class WorkerPool(ImmutableArray<WorkerGroup> groups, TimeProvider clock)
{
    private readonly ImmutableArray<Keeper> _keepers = [.. groups.Select(group => new Keeper(group, clock))];

    /// <summary>
    /// Starts what is missing. Quick: a start is a spawn, nobody waits for the worker to register.
    /// </summary>
    /// <param name="snapshot">The roster.</param>
    /// <param name="sight">Who of it is known to be dead.</param>
    /// <returns>Workers beyond the sizes, newest first, and those of no group: they are to drain.</returns>
    public IReadOnlyList<AgentId> Keep(Snapshot snapshot, SweepSight sight)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        var living = snapshot.Agents
            .Where(agent => agent is { IsPooled: true, Status: AgentStatus.Active }
                && SweepRules.WhyStale(agent, sight) is null)
            .ToLookup(agent => agent.Name);
        return
        [
            .. _keepers.SelectMany(keeper => keeper.Keep([.. living[keeper.Name]])),
            .. living.Where(named => groups.All(group => group.Name != named.Key))
                .SelectMany(named => named.Select(agent => agent.Id)),
        ];
    }

    private sealed class Keeper(WorkerGroup group, TimeProvider clock)
    {
        private static readonly TimeSpan FirstBackOff = TimeSpan.FromMilliseconds(500);
        private static readonly TimeSpan LongestBackOff = TimeSpan.FromSeconds(30);

        // A worker that has not registered within this time is not waited for any longer.
        private static readonly TimeSpan StartTime = TimeSpan.FromSeconds(30);

        private readonly List<(StartedWorker Worker, Instant At)> _starting = [];
        private int _failures;
        private Instant _notBefore;

        public string Name => group.Name;

        public IEnumerable<AgentId> Keep(List<Agent> living)
        {
            var now = Instant.Of(clock);
            Settle(living, now);
            for (var missing = group.Size - living.Count - _starting.Count; missing > 0 && now >= _notBefore; missing--)
            {
                _starting.Add((group.Start(), now));
            }

            return living.Skip(group.Size).Select(agent => agent.Id);
        }

        private void Settle(List<Agent> living, Instant now)
        {
            var registered = living.Select(agent => agent.Pid).ToHashSet();
            for (var i = _starting.Count - 1; i >= 0; i--)
            {
                var (worker, at) = _starting[i];
                if (registered.Contains(worker.Pid))
                {
                    _failures = 0;
                    _starting.RemoveAt(i);
                }
                else if (worker.Exited.IsCompleted || now - at > StartTime)
                {
                    // Ended before it registered: a crash loop must not become a fork bomb.
                    _starting.RemoveAt(i);
                    _failures++;
                    var pause = Math.Min(LongestBackOff.TotalSeconds,
                        FirstBackOff.TotalSeconds * Math.Pow(2, Math.Min(_failures - 1, 10)));
                    _notBefore = now + TimeSpan.FromSeconds(pause);
                }
            }
        }
    }
}
