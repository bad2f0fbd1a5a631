using Baton.Validation;
using Baton.Work;

namespace Baton.Simulation;

/// <summary>Submits the run's tasks, now and then.</summary>
internal sealed class Submitter(Arena arena, Host host) : Participant(arena, host, "submitter", "submitter")
{
    /// <summary>Whether all are there.</summary>
    public bool IsDone { get; private set; }

    public void Start() => Run(async () =>
    {
        var all = new List<TaskId>();
        for (var left = Arena.Plan.Tasks; left > 0; left--)
        {
            var task = new NewTask(Arena.Ids.NewTask(), $"task {left}")
            {
                DependsOn = all.Count > 0 && Chance.Of(0.2) ? [Chance.Pick(all).Value] : [],
            };
            await InsistAsync(() => Work.SubmitAsync([task], Id, CancellationToken.None));
            all.Add(task.Id);
            await WaitAsync(Chance.Between(default, Arena.Plan.Chaos / Arena.Plan.Tasks));
        }

        IsDone = true;
    });

    protected override void WasEvicted() { }
}

/// <summary>A face that is asked now and then who leads.</summary>
internal sealed class Face(Arena arena, Host host) : Participant(arena, host, "face", "face")
{
    public void Start()
    {
        Run(async () =>
        {
            while (true)
            {
                await WaitAsync(Chance.Between(Arena.Plan.Ttl / 2, Arena.Plan.Ttl * 3));
                var began = Timeline.Now;
                // Each look is a command of its own: it opens the stores as they are now.
                var reader = new StatusReader(
                    ElectionName.Main, new NetworkedLeases(Arena, this), Work, null, Clock, Host.Domain);
                var seen = await TryAsync<LeaderStatus>(
                    async () => await reader.ReadLeaderAsync(CancellationToken.None), 1);
                // A row that was long on its way may have run out on it, though it was renewed meanwhile.
                if (seen is not null && Timeline.Now - began < Arena.Plan.Ttl / 10)
                {
                    Arena.Record(new(Id, OperationKind.View, began, Outcome.Ok)
                    {
                        Ended = Timeline.Now,
                        Subject = seen.IsLeading ? seen.Id?.Value : null,
                        Epoch = seen.IsLeading ? seen.Epoch : null,
                    });
                }
            }
        });
    }

    protected override void WasEvicted() { }
}

/// <summary>Whoever stands outside and tells the stores something, once.</summary>
internal sealed class Supervisor(Arena arena, Host host)
    : Participant(arena, host, "supervisor", arena.Ids.NewLife("supervisor").Value)
{
    public void Revoke(HolderId dead) => Run(() =>
        TryAsync<ReleaseAnswer>(
            async () => await Leases.RevokeAsync(ElectionName.Main, dead, CancellationToken.None), 20));

    public void AskToHandOver(Epoch epoch) => Run(() => InsistAsync(() =>
        Work.AskAsync(new(RequestKind.Resign, Id) { Epoch = epoch }, CancellationToken.None)));

    public void AskToEvict(AgentId agent) => Run(() => InsistAsync(() =>
        Work.AskAsync(new(RequestKind.Evict, Id) { Agent = agent }, CancellationToken.None)));

    protected override void WasEvicted() { }
}
