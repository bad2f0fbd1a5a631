using System.Collections.Immutable;

namespace Baton.Validation;

/// <summary>
/// Judges a running system by samples of it. A suspicion counts once it has stood for a ttl in every sample, so that
/// a takeover on its way is no alarm.
/// </summary>
/// <param name="ttl">How long a suspicion must stand: the ttl of the lease.</param>
public sealed class LiveWatch(TimeSpan ttl)
{
    private const double Shortest = 1.25;
    private const double Longest = 4;

    // On a busy machine a ttl may hold two samples, and two don't show that something stood still in between.
    private const int FewestForFault = 5;
    private const int Fewest = 8;

    private static readonly (string Id, string Title)[] NeedFaults =
    [
        ("graceful-handover", "A leader that is stopped hands over"),
        ("crash-failover", "A leader that is killed is followed"),
        ("frozen-leader", "A frozen leader does nothing once it goes on"),
        ("orphaned-tasks", "A dead worker's task is done by another, once"),
        ("store-damage", "A damaged store is noticed, and epochs still grow"),
        ("no-work-lost", "Under random kills each task is completed once"),
    ];

    private readonly Dictionary<(string, string), Standing> _doubts = [];
    private readonly List<LiveSample> _samples = [];
    private readonly List<(Instant At, LeaseView Lease)> _renewals = [];
    private int _compared;

    private sealed record Standing(Doubt Doubt, Instant Since, Instant Last, int Seen, bool IsFault);

    private LiveSample Latest => _samples[^1];

    private TimeSpan Elapsed => _samples.Count == 0 ? TimeSpan.Zero : Latest.At - _samples[0].At;

    /// <summary>Whether enough was seen: more than a ttl, and nothing is in doubt; or it takes too long.</summary>
    public bool IsDone => _samples.Count >= Fewest && (Elapsed >= ttl * Longest
        || (Elapsed >= ttl * Shortest && !_doubts.Values.Any(standing => !standing.IsFault
            && (!standing.Doubt.IsUsual || standing.Last - standing.Since > ttl / 2))));

    /// <summary>Takes a sample, later than the one before.</summary>
    public void Take(LiveSample sample)
    {
        ArgumentNullException.ThrowIfNull(sample);
        var doubts = LiveRules.Doubts(sample, _samples.Count == 0 ? null : Latest)
            .ToDictionary(doubt => (doubt.Criterion, doubt.Key));
        foreach (var gone in _doubts.Where(pair => !pair.Value.IsFault && !doubts.ContainsKey(pair.Key)).ToArray())
        {
            _doubts.Remove(gone.Key);
        }

        foreach (var (key, doubt) in doubts)
        {
            var since = _doubts.TryGetValue(key, out var known) ? known.Since : sample.At;
            var seen = (known?.Seen ?? 0) + 1;
            _doubts[key] = new(doubt, since, sample.At, seen,
                known?.IsFault == true || doubt.IsCertain || (sample.At - since >= ttl && seen >= FewestForFault));
        }

        if (sample.Lease.Holder is not null && (_renewals.Count == 0 || !sample.Lease.StandsAs(_renewals[^1].Lease)))
        {
            _renewals.Add((sample.At, sample.Lease));
        }

        _compared += sample.IsSteady ? 1 : 0;
        _samples.Add(sample);
    }

    /// <summary>The criteria, in their fixed order; those that need faults are skipped.</summary>
    /// <exception cref="InvalidOperationException">No sample was taken.</exception>
    public ImmutableArray<Criterion> ToCriteria()
    {
        var judged = new[] { Leading(), Beating(), Following(), Growing(), Cleaning(), Viewing() }
            .ToDictionary(criterion => criterion.Id);
        var skipped = NeedFaults.ToDictionary(known => known.Id, known =>
            new Criterion(known.Id, known.Title, Judgement.Skip, ["needs faults: baton validate"]));
        return [.. ((string[])[
            LiveId.SingleLeader, LiveId.LeaderHeartbeat, LiveId.FollowersYield, LiveId.EpochsGrow,
            "graceful-handover", "crash-failover", "frozen-leader",
            LiveId.StaleOrchestrators, "orphaned-tasks", "store-damage", "no-work-lost", LiveId.ViewsAgree,
        ]).Select(id => judged.TryGetValue(id, out var criterion) ? criterion : skipped[id])];
    }

    private Criterion Leading()
    {
        var verdict = Doubted(LiveId.SingleLeader);
        var leader = Latest.Leader;
        if (leader.IsLeading)
        {
            verdict.Show($"{leader.Id} leads epoch {leader.Epoch}, pid {leader.Pid} on {leader.Host}");
        }

        var led = _samples.Count(sample => sample.Leader.IsLeading);
        verdict.Show($"{led} of {_samples.Count} samples in {Elapsed.TotalSeconds:0.0} s show a leader");
        verdict.Show($"what stood for {ttl.TotalMilliseconds:0} ms counts");
        var epochs = _samples.Select(sample => sample.Lease.Epoch).Distinct().ToArray();
        if (epochs.Length > 1)
        {
            verdict.Show($"the leadership changed meanwhile: epochs {string.Join(", ", epochs)}");
        }

        return verdict.ToCriterion(LiveId.SingleLeader, "Exactly one leads");
    }

    private Criterion Beating()
    {
        var verdict = Doubted(LiveId.LeaderHeartbeat);
        if (_renewals.Count(each => each.Lease.Epoch == _renewals[^1].Lease.Epoch) is > 1)
        {
            var last = _renewals[^1];
            var first = _renewals.First(each => each.Lease.Epoch == last.Lease.Epoch);
            var (count, span) = (last.Lease.Renewals - first.Lease.Renewals, last.At - first.At);
            var each = (span / count).TotalMilliseconds;
            verdict.Show($"{last.Lease.Holder!.Holder} renewed epoch {last.Lease.Epoch} {count} times");
            verdict.Show($"that is each {each:0} ms, over {span.TotalSeconds:0.0} s");
        }
        else if (!verdict.HasFailed)
        {
            verdict.Fail($"no renewal was seen in {Elapsed.TotalSeconds:0.0} s");
        }

        return verdict.ToCriterion(LiveId.LeaderHeartbeat, "The leader's heartbeat is fresh");
    }

    private Criterion Following()
    {
        var verdict = Doubted(LiveId.FollowersYield);
        var counts = Latest.Status.OrchestratorCounts;
        if (counts.Total - counts.Leading == 0)
        {
            verdict.Skip("there is no other orchestrator that could yield");
        }
        else
        {
            verdict.Show($"{counts.Standby} of {counts.Total} orchestrators stand by, {counts.Stale} are stale");
        }

        return verdict.ToCriterion(LiveId.FollowersYield, "Every other orchestrator stands by");
    }

    private Criterion Growing()
    {
        var verdict = Doubted(LiveId.EpochsGrow);
        verdict.Show($"{Latest.Terms.Length} recorded terms and {Latest.Elections.Length} elections");
        verdict.Show($"the lease is at epoch {Latest.Lease.Epoch}");
        verdict.Show($"the mark is at {Latest.Mark?.ToString() ?? "unknown"}, the fence at {Latest.Status.Snapshot.Fence.Epoch}");
        return verdict.ToCriterion(LiveId.EpochsGrow, "Epochs only grow, over the whole recorded history");
    }

    private Criterion Cleaning()
    {
        var verdict = Doubted(LiveId.StaleOrchestrators);
        var (agents, cleanup) = (Latest.Status.AgentCounts, Latest.Status.Snapshot.Cleanup);
        verdict.Show($"{agents.Total} on the roster: {agents.Alive} alive, {agents.Late} late, {agents.Stale} stale");
        verdict.Show($"{Latest.Dead.Length} of their processes are gone");
        verdict.Show($"evicted so far: {cleanup.OrchestratorsEvicted} orchestrators, {cleanup.AgentsEvicted} agents");
        return verdict.ToCriterion(LiveId.StaleOrchestrators, "Nobody dead is shown as alive, the stale are evicted");
    }

    private Criterion Viewing()
    {
        var verdict = Doubted(LiveId.ViewsAgree);
        if (_compared > 0)
        {
            verdict.Show($"{string.Join(", ", Latest.Faces.Select(face => face.Face))} and the store compared {_compared} times");
        }

        return verdict.ToCriterion(LiveId.ViewsAgree, "All views name the same leader and epoch");
    }

    private Verdict Doubted(string criterion)
    {
        var verdict = new Verdict();
        foreach (var standing in _doubts.Values
            .Where(standing => standing.Doubt.Criterion == criterion)
            .OrderBy(standing => standing.Since).ThenBy(standing => standing.Doubt.Key, StringComparer.Ordinal))
        {
            if (standing.IsFault)
            {
                var stood = standing.Last - standing.Since;
                var span = standing.Doubt.IsCertain ? "" : FormattableString.Invariant($" (for {stood.TotalSeconds:0.0} s)");
                verdict.Fail($"{standing.Doubt.Message}{span}");
            }
            else if (!standing.Doubt.IsUsual)
            {
                verdict.Show($"seen at the end, too short for a fault: {standing.Doubt.Message}");
            }
        }

        return verdict;
    }
}
