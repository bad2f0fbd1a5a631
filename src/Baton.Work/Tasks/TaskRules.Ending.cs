using System.Collections.Immutable;

namespace Baton.Work;

/// <summary>How an attempt ends: by its worker, or because its worker is gone.</summary>
public static partial class TaskRules
{
    /// <summary>The task after its attempt has ended.</summary>
    public static Ruling Settle(DurableTask task, Claim claim, Settlement settlement, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(task);
        if (WhyNotHeld(task, claim) is { } refusal)
        {
            return refusal;
        }

        var agent = task.Claim!.Agent.Value;
        task = task with { SettledToken = claim.Token };
        var free = task with { Claim = null, UpdatedAt = now };
        switch (settlement)
        {
            case Settlement.Complete complete when WhyUnproven(task, complete.Evidence) is { } unproven:
                return unproven;
            case Settlement.Complete complete:
                return new TaskChange(
                    free with
                    {
                        Status = DurableTaskStatus.Completed,
                        CompletedAt = now,
                        Summary = complete.Summary,
                        Evidence = complete.Evidence,
                        Notes = WithNote(task, complete.Summary, now),
                    },
                    [Draft(EventType.TaskCompleted, task, agent, complete.Summary ?? "completed", task.Attempt)
                        with { Data = new() { Attempt = task.Attempt, Evidence = Shown(complete.Evidence) } }]);
            case Settlement.Fail fail:
                return Fail(task, fail, agent, now);
            case Settlement.Decline decline:
                return Decline(task, decline, agent, now);
            case Settlement.Block block:
                return new TaskChange(
                    free with { Status = DurableTaskStatus.Blocked, Notes = WithNote(task, block.Reason, now) },
                    [Draft(EventType.TaskBlocked, task, agent, block.Reason, task.Attempt)]);
            case Settlement.Release release:
                return new TaskChange(
                    free with
                    {
                        Status = DurableTaskStatus.Pending,
                        AssignedTo = null,
                        ClaimedAt = null,
                        Notes = WithNote(task, release.Reason, now),
                    },
                    [Draft(EventType.TaskRequeued, task, agent,
                        $"given back by {agent}{Because(release.Reason)}", task.Attempt)]);
            default:
                throw new ArgumentOutOfRangeException(nameof(settlement));
        }
    }

    /// <summary>
    /// The task after a sweep took it from an agent that is gone; null when it moved since the sweep was
    /// planned.
    /// </summary>
    public static TaskChange? Requeue(DurableTask task, Requeue requeue, string by, Epoch epoch, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(task);
        ArgumentNullException.ThrowIfNull(requeue);
        if (task.Status != DurableTaskStatus.InProgress || task.Attempt != requeue.Attempt
            || task.Claim?.Extensions != requeue.ExtensionsSeen)
        {
            return null;
        }

        var losses = task.Losses + 1;
        var whom = task.Claim?.Agent.Value ?? task.AssignedTo;
        var facts = new EventFacts { Attempt = task.Attempt, Agent = whom, Reason = requeue.Reason };
        var from = whom is null ? "requeued" : $"requeued from {whom}";
        var note = $"{from} by {by}: {requeue.Reason}";
        var lost = task with { Losses = losses, UpdatedAt = now, Notes = WithNote(task, note, now) };
        var told = new EventDraft(EventType.TaskRequeued, by, task.Id.Value, note, epoch) { Data = facts };
        if (!IsSpent(lost))
        {
            return new(Free(lost), [told]);
        }

        var end = $"given up after {Counted(lost, $"{losses} lost attempts")}; the last: {requeue.Reason}";
        return new(
            lost with { Status = DurableTaskStatus.Failed, Claim = null },
            [new(EventType.TaskBuried, by, task.Id.Value, end, epoch) { Data = facts }]);
    }

    private static TaskChange Fail(DurableTask task, Settlement.Fail fail, string agent, DateTimeOffset now)
    {
        var failures = task.Failures + 1;
        var facts = new EventFacts
        {
            Attempt = task.Attempt,
            ExitCode = fail.ExitCode,
            Reason = fail.Reason,
            Evidence = Shown(fail.Evidence),
        };
        var failed = task with
        {
            Claim = null,
            Failures = failures,
            UpdatedAt = now,
            Notes = WithNote(task, $"attempt {task.Attempt} by {agent} failed: {fail.Reason}", now),
        };
        var told = new EventDraft(EventType.TaskFailed, agent, task.Id.Value,
            $"attempt {task.Attempt} failed: {fail.Reason}") { Data = facts };
        if (IsSpent(failed))
        {
            return new(failed with { Status = DurableTaskStatus.Failed },
                [told, new(EventType.TaskBuried, agent, task.Id.Value,
                    $"given up after {Counted(failed, $"{failures} failures")}") { Data = facts }]);
        }

        var notBefore = now + BackOff(failures);
        return new(Free(failed) with { NotBefore = notBefore },
            [told with { Data = facts with { NotBefore = notBefore } }]);
    }

    private static TaskChange Decline(
        DurableTask task, Settlement.Decline decline, string agent, DateTimeOffset now)
    {
        var declines = task.Declines + 1;
        var facts = new EventFacts { Attempt = task.Attempt, Reason = decline.Reason };
        var declined = Free(task) with
        {
            Declines = declines,
            UpdatedAt = now,
            Notes = WithNote(task, $"attempt {task.Attempt} declined by {agent}: {decline.Reason}", now),
        };
        var told = new EventDraft(EventType.TaskDeclined, agent, task.Id.Value,
            $"declined by {agent}: {decline.Reason}");
        if (declines >= MostDeclines)
        {
            return new(declined with { Status = DurableTaskStatus.Blocked },
                [told with { Data = facts }, new(EventType.TaskBlocked, agent, task.Id.Value,
                    $"declined {declines} times; the last: {decline.Reason}") { Data = facts }]);
        }

        var pause = decline.Pause ?? DeclinePause(declines);
        var notBefore = now + (pause < LongestDelay ? pause : LongestDelay);
        return new(declined with { NotBefore = notBefore },
            [told with { Data = facts with { NotBefore = notBefore } }]);
    }

    private static bool IsSpent(DurableTask task) => task.MaxAttempts is { } most
        ? task.Failures + task.Losses >= most
        : task.Failures >= MostFailures || task.Losses >= MostLosses;

    private static string Counted(DurableTask task, string otherwise) => task.MaxAttempts is { } most
        ? $"{task.Failures + task.Losses} {(task.Failures + task.Losses == 1 ? "attempt" : "attempts")} of at most {most}"
        : otherwise;

    /// <summary>What keeps a task from being completed on this evidence; null: nothing.</summary>
    private static Refusal? WhyUnproven(DurableTask task, ImmutableArray<CheckEvidence> evidence)
    {
        if (evidence.FirstOrDefault(seen => !seen.Passed) is { } failed)
        {
            return new(RefusalKind.Unproven, $"{task.Id} can't be completed: {failed.Outcome()}");
        }

        return task.Checks.FirstOrDefault(check => !evidence.Any(seen => seen.Command == check)) is { } missing
            ? new(RefusalKind.Unproven,
                $"{task.Id} can't be completed: nothing shows that its check "
                    + $"'{CheckEvidence.CommandLine(missing)}' passes")
            : null;
    }

    private static ImmutableArray<CheckEvidence>? Shown(ImmutableArray<CheckEvidence> evidence) =>
        evidence.IsEmpty ? null : evidence;
}
