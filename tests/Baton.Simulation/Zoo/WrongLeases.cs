namespace Baton.Simulation;

/// <summary>Two processes may both win: it looks, and a moment later writes what it decided.</summary>
internal sealed class LeasesWithoutCompare(ILeaseStore inner, TimeProvider clock) : PassingLeases(inner)
{
    public override async ValueTask<AcquireAnswer> TryAcquireAsync(Candidacy candidacy, CancellationToken cancel)
    {
        var looked = await Inner.ReadAsync(candidacy.Election, cancel);
        if (looked.Epoch != candidacy.Seen.Epoch || looked.Renewals != candidacy.Seen.Renewals)
        {
            return new AcquireAnswer.Held(looked);
        }

        await Task.Delay(TimeSpan.FromMilliseconds(3), clock, cancel);
        var now = await Inner.ReadAsync(candidacy.Election, cancel);
        var answer = await Inner.TryAcquireAsync(
            candidacy with { Seen = new(now.Epoch, now.Renewals, LeaseStanding.RanOut) }, cancel);
        // What it writes is what it saw and one more.
        return answer is AcquireAnswer.Acquired won
            ? won with { Term = won.Term with { Epoch = Epoch.Max(looked.Epoch, candidacy.Floor).Next } }
            : answer;
    }
}

/// <summary>A release is carried out, whoever holds the lease by now.</summary>
internal sealed class LeasesReleasedByAnyone(ILeaseStore inner) : PassingLeases(inner)
{
    public override async ValueTask<ReleaseAnswer> ReleaseAsync(Term term, TermEnd reason, CancellationToken cancel)
    {
        var now = await Inner.ReadAsync(term.Election, cancel);
        return now.Holder is { } holder
            ? await Inner.ReleaseAsync(term with { Epoch = now.Epoch, Holder = holder.Holder }, reason, cancel)
            : new ReleaseAnswer.Released(term.Epoch);
    }
}

/// <summary>It heeds no high-water mark: what its row does not know was never there.</summary>
internal class LeasesWithoutFloor(ILeaseStore inner) : PassingLeases(inner)
{
    public override ValueTask<AcquireAnswer> TryAcquireAsync(Candidacy candidacy, CancellationToken cancel) =>
        Inner.TryAcquireAsync(candidacy with { Floor = Epoch.None }, cancel);
}

/// <summary>To release is to delete the row, and the epoch with it.</summary>
internal sealed class LeasesDeletedOnRelease(Stores stores, ILeaseStore inner) : LeasesWithoutFloor(inner)
{
    public override async ValueTask<ReleaseAnswer> ReleaseAsync(Term term, TermEnd reason, CancellationToken cancel)
    {
        var answer = await Inner.ReleaseAsync(term, reason, cancel);
        if (answer is ReleaseAnswer.Released)
        {
            stores.Forget();
        }

        return answer;
    }
}

/// <summary>A renewal writes the row anew, whether or not the lease was given back before.</summary>
internal sealed class LeasesRenewedBlindly(ILeaseStore inner) : PassingLeases(inner)
{
    public override async ValueTask<RenewAnswer> RenewAsync(Term term, CancellationToken cancel)
    {
        var answer = await Inner.RenewAsync(term, cancel);
        return answer is RenewAnswer.NotYours { View: { Holder: null } view } && view.Epoch == term.Epoch
            ? new RenewAnswer.Renewed(term with { Renewals = term.Renewals + 1 })
            : answer;
    }
}

/// <summary>A row says of its holder that it leads, and says so for ever.</summary>
internal sealed class LeasesThatNeverLookOld(ILeaseStore inner) : PassingLeases(inner)
{
    public override async ValueTask<LeaseView> ReadAsync(ElectionName election, CancellationToken cancel)
    {
        var view = await Inner.ReadAsync(election, cancel);
        return view.Expiry is { } expiry
            ? view with { Expiry = expiry with { At = expiry.At + TimeSpan.FromHours(10) } }
            : view;
    }
}

/// <summary>A candidate that judges a lease by a third of its ttl.</summary>
internal sealed class ImpatientClient(ILeaseStore inner) : PassingLeases(inner)
{
    public override async ValueTask<LeaseView> ReadAsync(ElectionName election, CancellationToken cancel)
    {
        var view = await Inner.ReadAsync(election, cancel);
        return view with
        {
            Ttl = view.Ttl / 3,
            Expiry = view.Expiry is { } expiry ? expiry with { At = expiry.At - (view.Ttl * 2 / 3) } : null,
        };
    }
}
