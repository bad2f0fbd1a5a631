using Baton.Work;

namespace Baton.Validation;

/// <summary>
/// Something that looks wrong at one moment. It may be a takeover on its way: only what stays so for a ttl is a fault.
/// </summary>
/// <param name="Criterion">Which criterion it would break.</param>
/// <param name="Key">The same as long as it is the same suspicion.</param>
/// <param name="Message">What it is, in a sentence.</param>
internal sealed record Doubt(string Criterion, string Key, string Message)
{
    /// <summary>
    /// Whether waiting changes nothing: what was recorded once stays recorded.
    /// </summary>
    public bool IsCertain { get; init; }

    /// <summary>Whether each healthy system shows it for a while, so that it is no reason to look longer.</summary>
    public bool IsUsual { get; init; }
}

/// <summary>The criteria that a look at a running system can show.</summary>
internal static class LiveId
{
    public const string SingleLeader = "single-leader";
    public const string LeaderHeartbeat = "leader-heartbeat";
    public const string FollowersYield = "followers-yield";
    public const string EpochsGrow = "epochs-grow";
    public const string StaleOrchestrators = "stale-orchestrators";
    public const string ViewsAgree = "views-agree";
}

/// <summary>What looks wrong in a sample.</summary>
internal static class LiveRules
{
    /// <summary>The doubts of a sample.</summary>
    public static IEnumerable<Doubt> Doubts(LiveSample sample, LiveSample? former) =>
        [.. Leadership(sample), .. Claims(sample), .. Epochs(sample, former), .. Roster(sample), .. Views(sample)];

    private static IEnumerable<Doubt> Leadership(LiveSample sample)
    {
        var leader = sample.Leader;
        if (!leader.IsLeading)
        {
            var tasks = sample.Status.Snapshot.Tasks;
            var others = sample.Status.OrchestratorCounts.Total;
            var who = others == 0 ? "no orchestrator is registered: baton up starts some"
                : $"{others} registered orchestrators notwithstanding";
            yield return new(LiveId.SingleLeader, "nobody", leader.Id is { } last
                ? $"nobody leads ({last}, epoch {leader.Epoch}, is {Word(leader.State)}), {who}"
                : $"nobody leads and nobody ever did; {who}"
                    + (tasks.Ready > 0 ? FormattableString.Invariant($"; {tasks.Ready} tasks wait") : ""));
        }

        if (leader.State is LeaderState.Expired or LeaderState.Died)
        {
            yield return new(LiveId.LeaderHeartbeat, "overdue",
                $"the lease of {leader.Id} (epoch {leader.Epoch}) "
                + (leader.State == LeaderState.Died ? "is a dead process's" : "ran out") + " and nobody took over");
        }

        if (sample.Lease is { Holder: { } holder } lease)
        {
            yield return new(LiveId.LeaderHeartbeat, FormattableString.Invariant($"stands {lease.Epoch} {lease.Renewals}"),
                $"{holder.Holder} (epoch {lease.Epoch}, pid {holder.Pid}) did not renew its lease: "
                + $"renewal {lease.Renewals} stands still")
            { IsUsual = true };
            if (sample.Status.Agents.FirstOrDefault(view => view.Agent.Id.Value == holder.Holder.Value) is not { } row)
            {
                yield return new(LiveId.LeaderHeartbeat, "unlisted",
                    $"{holder.Holder} holds the lease and is not on the roster");
            }
            else if (row.Liveness == Liveness.Stale)
            {
                yield return new(LiveId.LeaderHeartbeat, "silent",
                    $"{holder.Holder} holds the lease and is stale on the roster");
            }
        }
    }

    private static IEnumerable<Doubt> Claims(LiveSample sample)
    {
        var (lease, fence) = (sample.Lease, sample.Status.Snapshot.Fence);
        if (fence.Epoch == lease.Epoch && lease.Holder is { } holder
            && fence.Holder is { } fenced && fenced != holder.Holder)
        {
            yield return new(LiveId.SingleLeader, "fence",
                $"epoch {lease.Epoch} has two holders: {holder.Holder} in the lease row, {fenced} at the fence");
        }

        var open = sample.Terms.Where(term => term.EndedBy is null && term.EndedAt is null).ToArray();
        if (open.Length > 1)
        {
            yield return new(LiveId.SingleLeader, "open terms", "terms that have not ended: "
                + string.Join(", ", open.Select(term => $"{term.Holder} epoch {term.Epoch}")));
        }

        if (lease.Holder is { } now && open.FirstOrDefault(term => term.Epoch == lease.Epoch) is { } own
            && own.Holder != now.Holder)
        {
            yield return new(LiveId.SingleLeader, "term",
                $"epoch {lease.Epoch} has two holders: {now.Holder} in the lease row, {own.Holder} in the terms");
        }

        if (sample.ShownLeading.Length > 1)
        {
            yield return new(LiveId.SingleLeader, "shown", $"agent list shows {sample.ShownLeading.Length} leaders: "
                + string.Join(", ", sample.ShownLeading));
        }

        foreach (var other in sample.ShownLeading.Where(other => sample.IsSteady && other != lease.Holder?.Holder.Value))
        {
            yield return new(LiveId.FollowersYield, $"claims {other}",
                $"{other} is shown as the leader and does not hold the lease");
        }
    }

    private static IEnumerable<Doubt> Epochs(LiveSample sample, LiveSample? former)
    {
        if (former is not null && sample.Lease.Epoch < former.Lease.Epoch)
        {
            yield return new(LiveId.EpochsGrow, $"fell {former.Lease.Epoch} {sample.Lease.Epoch}",
                $"the lease went back from epoch {former.Lease.Epoch} to {sample.Lease.Epoch} before our eyes")
            { IsCertain = true };
        }

        WorkEvent? last = null;
        var holders = sample.Terms.ToDictionary(term => term.Epoch, term => term.Holder.Value);
        foreach (var told in sample.Elections.Where(told => told.Draft.Epoch is not null))
        {
            var draft = told.Draft;
            if (last is not null && draft.Epoch <= last.Draft.Epoch)
            {
                yield return new(LiveId.EpochsGrow, FormattableString.Invariant($"event {told.Seq}"),
                    $"event {told.Seq}: {draft.Subject} was elected with epoch {draft.Epoch} after {last.Draft.Subject} "
                    + $"with epoch {last.Draft.Epoch} (event {last.Seq})")
                { IsCertain = true };
            }

            if (holders.TryGetValue(draft.Epoch!.Value, out var holder) && holder != draft.Subject)
            {
                yield return new(LiveId.SingleLeader, FormattableString.Invariant($"event {told.Seq}"),
                    $"epoch {draft.Epoch} has two holders: {draft.Subject} by event {told.Seq}, {holder} in the terms")
                { IsCertain = true };
            }

            last = last is null || draft.Epoch > last.Draft.Epoch ? told : last;
        }

        (string, Epoch?)[] records =
        [
            ("the terms know", sample.Terms.IsEmpty ? null : sample.Terms[^1].Epoch),
            ("the events know", last?.Draft.Epoch),
            ("the fence is at", sample.Status.Snapshot.Fence.Epoch),
            ("the mark is at", sample.Mark),
        ];
        foreach (var (what, epoch) in records)
        {
            if (epoch > sample.Lease.Epoch)
            {
                yield return new(LiveId.EpochsGrow, what,
                    $"the lease is at epoch {sample.Lease.Epoch}, and {what} epoch {epoch}");
            }
        }
    }

    private static IEnumerable<Doubt> Roster(LiveSample sample)
    {
        foreach (var dead in sample.Dead.Where(dead => sample.ShownAlive.Contains(dead.Value)))
        {
            var agent = sample.Status.Agents.First(view => view.Agent.Id == dead).Agent;
            yield return new(LiveId.StaleOrchestrators, $"dead {dead}",
                $"{dead} ({agent.Role}) is shown as alive, and its process {agent.Pid} is gone from {agent.Host}");
        }

        foreach (var view in sample.Status.Agents.Where(
            view => view.Liveness == Liveness.Stale && sample.Leader.IsLeading))
        {
            yield return new(LiveId.StaleOrchestrators, $"stale {view.Agent.Id}",
                $"{view.Agent.Id} ({view.Agent.Role}) is stale, and {sample.Leader.Id}, which leads, does not evict it");
        }
    }

    private static IEnumerable<Doubt> Views(LiveSample sample)
    {
        foreach (var face in sample.Faces)
        {
            if (face.Trouble is { } trouble)
            {
                yield return new(LiveId.ViewsAgree, $"trouble {face.Face}", $"{face.Face} can't be read: {trouble}");
            }
            else if (sample.IsSteady && Differs(face, sample.Leader))
            {
                yield return new(LiveId.ViewsAgree, $"face {face.Face}",
                    $"{face.Face} says {face}; the store says {Say(sample.Leader)}");
            }
        }

        if (sample is { IsSteady: true, EvictionsCounted: { } counted, EvictionsListed: { } listed } && counted != listed)
        {
            yield return new(LiveId.ViewsAgree, "evictions",
                FormattableString.Invariant($"status counts {counted} evictions, events lists {listed}"));
        }
    }

    private static bool Differs(FaceView face, LeaderStatus leader) => face.IsLeading != leader.IsLeading
        || (leader.IsLeading && (face.Leader != leader.Id?.Value || face.Epoch != leader.Epoch?.Value));

    private static string Say(LeaderStatus leader) => leader.Id is { } id
        ? $"{id} epoch {leader.Epoch} {Word(leader.State)}" : "nobody";

    private static string Word(LeaderState state) => state.ToString().ToLowerInvariant();
}
