using System.Collections.Immutable;
using Baton.Validation;
using Baton.Work;

namespace Baton.Cli;

/// <summary><c>baton validate --live</c>: looks at the running system for a while, and changes nothing in it.</summary>
internal static class ValidateLive
{
    private const int SamplesPerTtl = 20;
    private static readonly TimeSpan DefaultTtl = TimeSpan.FromSeconds(6);
    private static readonly TimeSpan MostOften = TimeSpan.FromMilliseconds(50);

    /// <summary>Samples the system for longer than a ttl, and as long as something is in doubt.</summary>
    /// <param name="session">The run.</param>
    /// <param name="patience">How long a suspicion must stand; null: the ttl of the lease.</param>
    /// <exception cref="StoreUnavailableException">The store can't be read.</exception>
    public static async Task<Findings> RunAsync(Session session, TimeSpan? patience)
    {
        var clock = session.Around.Clock;
        var (began, startedAt) = (Instant.Of(clock), clock.GetUtcNow());
        var lease = await session.Leases.ReadAsync(session.Election, session.Stop);
        var ttl = patience ?? (lease.Ttl > TimeSpan.Zero ? lease.Ttl : DefaultTtl);
        var beat = ttl / SamplesPerTtl > MostOften ? ttl / SamplesPerTtl : MostOften;
        var (faces, watch) = (new LiveFaces(session), new LiveWatch(ttl));
        // The first look is slow, for all that it runs is run for the first time; it would stand for too much.
        var last = await SampleAsync(session, faces);
        while (!watch.IsDone)
        {
            await Task.Delay(beat, clock, session.Stop);
            last = await SampleAsync(session, faces);
            watch.Take(last);
        }

        var leader = last.Leader;
        return new(session.Around.Ids.NewSecret(), ValidationMode.Live, watch.ToCriteria())
        {
            Store = session.Place.Store.Masked,
            Election = session.Election,
            Leader = leader.IsLeading ? leader.Id : null,
            Epoch = leader.Epoch,
            Ttl = lease.Ttl > TimeSpan.Zero ? lease.Ttl : null,
            StartedAt = startedAt,
            Duration = Instant.Of(clock) - began,
        };
    }

    private static async Task<LiveSample> SampleAsync(Session session, LiveFaces faces)
    {
        // What may only lag behind the lease is read before it.
        var mark = MarkOf(session);
        var terms = ImmutableArray.CreateBuilder<Term>();
        await foreach (var term in session.Leases.TermsAsync(session.Election, Epoch.None, session.Stop))
        {
            terms.Add(term);
        }

        var elections = await session.Work.EventsAsync(new() { Type = EventType.LeaderElected }, session.Stop);
        var status = await session.Status.ReadAsync(session.Stop);
        var lease = await session.Leases.ReadAsync(session.Election, session.Stop);
        var sample = await faces.AskAsync(new(Instant.Of(session.Around.Clock), lease, status)
        {
            Terms = terms.ToImmutable(),
            Elections = elections,
            Mark = mark,
            Dead = [.. status.Agents.Where(view => IsGone(session, view.Agent)).Select(view => view.Agent.Id)],
        });
        var after = await session.Status.ReadLeaderAsync(session.Stop);
        return sample with
        {
            IsSteady = after.State == status.Leader.State && after.Epoch == status.Leader.Epoch
                && after.Id == status.Leader.Id,
        };
    }

    // Without the mark much can be told; that it is damaged is what doctor says.
    private static Epoch? MarkOf(Session session)
    {
        try
        {
            return session.Stores.Mark.Read(session.Election);
        }
        catch (StoreUnavailableException)
        {
            return null;
        }
    }

    // Only of this host, and of this boot, are process numbers known.
    private static bool IsGone(Session session, Agent agent) => agent is { Pid: > 0, ProcessStart: > 0 }
        && agent.Host == session.Around.Host
        && agent.Expiry?.Domain.Knows(session.Around.ClockDomain) == true
        && !new ProcessIdentity(agent.Pid, agent.ProcessStart).IsAlive;
}
