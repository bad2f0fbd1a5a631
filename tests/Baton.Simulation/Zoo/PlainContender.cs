using Baton.Validation;

namespace Baton.Simulation;

/// <summary>What is wrong with a <see cref="PlainContender"/>; nothing, unless something is set.</summary>
internal sealed record Habits
{
    /// <summary>Its trust counts from when the answer came, not from when it asked.</summary>
    public bool TrustsFromTheAnswer { get; init; }

    /// <summary>It believes until the store tells it otherwise.</summary>
    public bool HasNoDeadline { get; init; }

    /// <summary>It keeps its deadline by clearing a flag, and nobody looks at the clock.</summary>
    public bool LooksAtAFlag { get; init; }

    /// <summary>A renewal that is heard behind the deadline makes it believe again.</summary>
    public bool Revives { get; init; }

    /// <summary>It stops leading and goes on renewing.</summary>
    public bool RenewsAfterTheStop { get; init; }

    /// <summary>A renewal that nobody waited for comes after the release.</summary>
    public bool RenewsAfterTheRelease { get; init; }

    /// <summary>It never takes a lease that its holder did not give back.</summary>
    public bool NeverReplaces { get; init; }

    /// <summary>Whenever its leadership ends, however it ends, it gives the lease back.</summary>
    public bool ReleasesWhatItLost { get; init; }

    /// <summary>A hint that its lease stands counts as a renewal.</summary>
    public bool TrustsHints { get; init; }

    /// <summary>It goes on starting processes for a while after its leadership is over.</summary>
    public bool ActsOn { get; init; }

    /// <summary>It acts under the epoch of the leader that it follows.</summary>
    public bool ActsAsAFollower { get; init; }
}

/// <summary>
/// The smallest election that works: read, acquire, renew, release, one after the other. Each elector of the zoo has
/// one bad habit; without one it must break no promise, which a test demands too.
/// </summary>
internal sealed class PlainContender(Arena arena, Host host, string name, string id, Habits habits)
    : Contender(arena, host, name, id)
{
    private LeaseView? _seen;
    private Instant _seenSince;
    private long _attempts;
    private bool _isStopping;
    private bool _workIsOut;

    public override void AskToStop() => _isStopping = true;

    public override void Hear(ElectionInput hint)
    {
        if (habits.TrustsHints && hint is ElectionInput.Hint { View: var view } && Leadership is { } leadership)
        {
            Do(() =>
            {
                if (view.Epoch == leadership.Epoch && leadership.Extend(Until(Now), Until(Now)))
                {
                    Believe(leadership.Term, OperationKind.Trust, Until(Now));
                }
            });
        }
    }

    protected override void WasFenced(FencedException refusal)
    {
        Host.Mark.Raise(ElectionName.Main, refusal.Fence);
        Leadership!.Withdraw(LossReason.Fenced);
    }

    protected override void WorkReturned()
    {
        Leadership!.Withdraw(LossReason.Resigned);
        _workIsOut = false;
    }

    protected override async Task ElectAsync()
    {
        while (!_isStopping)
        {
            if (await AskAsync(cancel => Leases.ReadAsync(ElectionName.Main, cancel)) is { } view)
            {
                _seenSince = view.StandsAs(_seen) ? _seenSince : Now;
                _seen = view;
                var standing = LeaseRules.Judge(view, Host.Domain, Now, _seenSince, provablyDead: false);
                if (standing.IsVacant() && !(habits.NeverReplaces && standing == LeaseStanding.RanOut))
                {
                    await CampaignAsync(view, standing);
                }
                else if (habits.ActsAsAFollower && view.Epoch > Epoch.None)
                {
                    Act(view.Epoch);
                }
            }

            await WaitAsync(Arena.Plan.PollEvery);
        }
    }

    private async Task CampaignAsync(LeaseView view, LeaseStanding standing)
    {
        var sent = Now;
        var candidacy = new Candidacy(ElectionName.Main, new(Holder) { Host = Host.Name, Pid = Pid }, Ttl,
            Host.Mark.Read(ElectionName.Main), ++_attempts, new(view.Epoch, view.Renewals, standing));
        var answer = await AskAsync(cancel => Leases.TryAcquireAsync(candidacy, cancel));
        if (answer is not AcquireAnswer.Acquired won || Host.Mark.IsFull || Now >= Deadline(sent))
        {
            return;
        }

        Host.Mark.Raise(ElectionName.Main, won.Term.Epoch);
        var until = Until(sent);
        var leadership = new Leadership(won.Term, won.KnownBefore, until, until, Clock, _ => _isStopping = true);
        Believe(won.Term, OperationKind.Trust, until);
        _workIsOut = true;
        Run(() => LeadAsync(leadership));
        await RenewAsync(leadership, Deadline(sent));
        await EndAsync(leadership);
    }

    private async Task RenewAsync(Leadership leadership, Instant deadline)
    {
        while (leadership.LossReason is null && !_isStopping)
        {
            await WaitAsync(Ttl / 6);
            var sent = Now;
            var answer = await AskAsync(cancel => Leases.RenewAsync(leadership.Term, cancel));
            if (answer is RenewAnswer.NotYours)
            {
                leadership.Withdraw(LossReason.Replaced);
            }
            else if (answer is RenewAnswer.Renewed && (Now < deadline || habits.Revives))
            {
                deadline = Deadline(sent);
                if (leadership.Extend(Until(sent), Until(sent)) || habits.Revives)
                {
                    Believe(leadership.Term, OperationKind.Trust, Until(sent));
                }
            }

            if (Now >= deadline && !habits.HasNoDeadline)
            {
                leadership.Withdraw(LossReason.Expired);
            }
        }
    }

    private async Task EndAsync(Leadership leadership)
    {
        leadership.Withdraw(LossReason.Resigned);
        if (habits.ActsOn)
        {
            Act(leadership.Epoch);
        }

        while (_workIsOut)
        {
            await WaitAsync(Ttl / 50);
        }

        if (habits.RenewsAfterTheStop)
        {
            _isStopping = false;
            while (true)
            {
                await AskAsync(cancel => Leases.RenewAsync(leadership.Term, cancel));
                await WaitAsync(Ttl / 6);
            }
        }

        if (leadership.LossReason == LossReason.Resigned || habits.ReleasesWhatItLost)
        {
            await AskAsync(cancel => Leases.ReleaseAsync(leadership.Term, TermEnd.Released, cancel));
        }

        if (habits.RenewsAfterTheRelease)
        {
            await WaitAsync(Ttl / 20);
            await AskAsync(cancel => Leases.RenewAsync(leadership.Term, cancel));
        }
    }

    private void Act(Epoch epoch) => Arena.Record(new(Id, OperationKind.Effect, Timeline.Now, Outcome.Ok)
    {
        Ended = Timeline.Now, Epoch = epoch, Note = "starts a worker",
    });

    private Instant Deadline(Instant sent) => (habits.TrustsFromTheAnswer ? Now : sent) + (Ttl * 0.89);

    private Instant Until(Instant sent) =>
        habits.HasNoDeadline || habits.LooksAtAFlag ? Now + (Ttl * 1000) : Deadline(sent);

    // One request, and a sixth of the ttl to answer it; who counts from the answer has no reason to hurry.
    private async Task<T?> AskAsync<T>(Func<CancellationToken, ValueTask<T>> ask) where T : class
    {
        using var timeout = new CancellationTokenSource(habits.TrustsFromTheAnswer ? Ttl : Ttl / 6, Clock);
        try
        {
            return await ask(timeout.Token);
        }
        catch (Exception e) when (e is StoreUnavailableException or OperationCanceledException)
        {
            return null;
        }
    }
}
