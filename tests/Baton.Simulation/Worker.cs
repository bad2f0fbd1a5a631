using Baton.Validation;
using Baton.Work;

namespace Baton.Simulation;

/// <summary>One life of an agent that takes tasks and works on them.</summary>
internal sealed class Worker(Arena arena, Host host, string name, string id, bool isPooled)
    : Participant(arena, host, name, id)
{
    private readonly TaskCompletionSource _exited = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TimeSpan _ttl = arena.Plan.Ttl;
    private bool _isLeaving;
    private Claim? _claim;
    private Instant _began;

    public bool IsPooled => isPooled;

    public Task Exited => _exited.Task;

    // One that goes on though it lost its claim, and reports a late result.
    private bool IsSloppy { get; } = arena.Chance.Of(0.4);

    public override void AskToStop() => _isLeaving = true;

    public void Start() => Run(async () =>
    {
        await RegisterAsync(Agent.WorkerRole, _ttl, isPooled);
        Run(() => BeatAsync(_ttl));
        while (!_isLeaving)
        {
            await TakeAsync();
        }

        await ExitAsync();
    });

    protected override void Heard(Agent told) => _isLeaving |= told.Status == AgentStatus.Draining;

    protected override void WasEvicted()
    {
        _isLeaving = true;
        if (!IsSloppy)
        {
            Kill(OperationKind.Exit);
        }
    }

    protected override void Gone()
    {
        EndExecution();
        _exited.TrySetResult();
        Arena.LifeEnded(this);
    }

    private async Task TakeAsync()
    {
        var asked = Now;
        var request = new ClaimRequest(AgentId, Arena.Ids.NewSecret(), _ttl);
        switch (await InsistAsync(() => Work.ClaimAsync(request, CancellationToken.None)))
        {
            case ClaimAnswer.Granted { Claim: { } claim } when Now - asked < _ttl * 0.9:
                await WorkAsync(claim, asked + (_ttl * 0.9));
                break;
            case ClaimAnswer.Granted { Claim: { } stale }:
                await InsistAsync(() =>
                    Work.SettleAsync(stale, new Settlement.Release("too late"), CancellationToken.None));
                break;
            case ClaimAnswer.Refused { Refusal.Kind: RefusalKind.AgentGone }:
                _isLeaving = true;
                break;
            default:
                await WaitAsync(_ttl / 5);
                break;
        }
    }

    private async Task WorkAsync(Claim claim, Instant mine)
    {
        (_claim, _began) = (claim, Timeline.Now);
        var end = Now + Chance.Between(_ttl / 10, _ttl * 2);
        while (Now < end)
        {
            var left = end - Now;
            await WaitAsync(left < _ttl / 4 ? left : _ttl / 4);
            var asked = Now;
            var answer = await TryAsync<ClaimAnswer>(
                async () => await Work.ExtendAsync(claim, null, CancellationToken.None), 1);
            mine = answer is ClaimAnswer.Granted ? asked + (_ttl * 0.9) : mine;
            if (!IsSloppy && (answer is ClaimAnswer.Refused || Now >= mine))
            {
                EndExecution();
                return;
            }
        }

        EndExecution();
        Settlement settlement = Chance.Below(20) switch
        {
            0 => new Settlement.Fail("chance", 1),
            1 => new Settlement.Release("chance"),
            _ => new Settlement.Complete(null),
        };
        await InsistAsync(() => Work.SettleAsync(claim, settlement, CancellationToken.None));
    }

    private void EndExecution()
    {
        if (_claim is { } claim)
        {
            Arena.Record(new(Id, OperationKind.Execute, _began, Outcome.Ok)
            {
                Ended = Timeline.Now, Subject = claim.Task.Value, Attempt = claim.Attempt, Claim = claim.Token,
            });
            _claim = null;
        }
    }
}
