using System.Collections.Immutable;
using Baton.Work;

namespace Baton.Cli;

/// <summary>
/// Moves the work of an election to another lease store. The move is a term of its own in the new store, with an epoch
/// above everything seen: its first write ties the fence to the new store, so that whoever still leads by the former one
/// is fenced off.
/// </summary>
/// <param name="session">The run.</param>
/// <param name="stores">The work, and the leases that it is to have.</param>
internal sealed class LeaseMove(Session session, OpenStores stores)
{
    private static readonly TimeSpan Ttl = TimeSpan.FromSeconds(10);

    private readonly CancellationToken _stop = session.Stop;
    private readonly ElectionName _election = stores.Place.Election;

    /// <summary>Moves it, if it is elsewhere.</summary>
    /// <param name="former">Where the leases were until now, as the settings say; null: in the store.</param>
    /// <returns>The epoch of the move; null where there was nothing to move.</returns>
    /// <exception cref="CommandFailure">Somebody leads.</exception>
    public async Task<Epoch?> RunAsync(StoreUri? former)
    {
        var fence = (await stores.Work.SnapshotAsync(_stop)).Fence;
        var tied = string.IsNullOrEmpty(fence.LeaseStoreId) ? null : fence.LeaseStoreId;
        var mark = stores.Mark.Read(_election);
        if (tied == stores.Home.Value.StoreId || (tied is null && Epoch.Max(fence.Epoch, mark) == Epoch.None)
            || (tied is null && stores.Place.Leases is null))
        {
            return null;
        }

        var terms = tied is null ? [] : await FormerTermsAsync(former, fence);
        var floor = terms.Aggregate(Epoch.Max(fence.Epoch, mark), (highest, term) => Epoch.Max(highest, term.Epoch));
        var term = await WinAsync(floor);
        stores.Mark.Raise(_election, term.Epoch);
        await stores.Work.BeginTermAsync(
            new(term, terms, new(term.Epoch.Value - 1), new(term.Epoch.Value - 1)) { MovesLeases = true }, _stop);
        await stores.Leases.ReleaseAsync(term, TermEnd.Released, _stop);
        return term.Epoch;
    }

    /// <summary>How the terms at the former leases ended, as far as they can be asked.</summary>
    private async Task<ImmutableArray<Term>> FormerTermsAsync(StoreUri? former, Fence fence)
    {
        var around = session.Around;
        try
        {
            using var old = around.Open(stores.Place with { Leases = former }, OpenPurpose.Use, around);
            var leader = await new StatusReader(_election, old.Leases, old.Work, old.Witnesses, around.Clock,
                around.ClockDomain).ReadLeaderAsync(_stop);
            if (leader.IsLeading)
            {
                throw new CommandFailure(ErrorCode.Conflict,
                    $"{leader.Id} (epoch {leader.Epoch}) leads by the leases in {(former ?? stores.Place.Store).Masked}",
                    "stop the orchestrators, then move the leases");
            }

            var terms = ImmutableArray.CreateBuilder<Term>();
            await foreach (var term in old.Leases.TermsAsync(
                _election, new(Math.Max(0, fence.Epoch.Value - 1)), _stop))
            {
                terms.Add(term);
            }

            return terms.ToImmutable();
        }
        catch (Exception e) when (e is StoreUnavailableException or CommandFailure { Code: ErrorCode.NoWorkspace })
        {
            session.Output.Remark($"the former leases can't be asked ({e.Message}); "
                + "the epochs that the work and this host know are gone above");
            return [];
        }
    }

    private async Task<Term> WinAsync(Epoch floor)
    {
        var view = await stores.Leases.ReadAsync(_election, _stop);
        var standing = view.Holder is null ? (view.Epoch == Epoch.None ? LeaseStanding.None : LeaseStanding.Released)
            : view.HasRunOut ? LeaseStanding.RanOut : LeaseStanding.Held;
        var candidate = new Candidate(session.Around.Ids.NewLife("init").AsHolder())
        {
            Host = session.Around.Host,
            Pid = Environment.ProcessId,
        };
        return await stores.Leases.TryAcquireAsync(
            new(_election, candidate, Ttl, floor, 1, new(view.Epoch, view.Renewals, standing)), _stop)
            is AcquireAnswer.Acquired won ? won.Term
            : throw new CommandFailure(ErrorCode.Conflict,
                $"{view.Holder?.Holder.Value ?? "another"} leads by the leases in "
                + $"{(stores.Place.Leases ?? stores.Place.Store).Masked}", "stop it, and wait until its lease ran out");
    }
}
