using System.Collections.Immutable;

namespace Baton.Work;

/// <summary>
/// The life of a task as pure rules: what may follow what, how often it is tried, when it may be taken. A store
/// loads a task, asks here, and writes what it gets; it decides nothing.
/// </summary>
public static partial class TaskRules
{
    /// <summary>How many attempts may fail by themselves before the task is given up.</summary>
    public const int MostFailures = 5;

    /// <summary>How many attempts may be lost with their agent before the task is given up.</summary>
    public const int MostLosses = 10;

    /// <summary>How often a task may be declined before it waits for a person.</summary>
    public const int MostDeclines = 10;

    /// <summary>How long a claim lives without being extended.</summary>
    public static readonly TimeSpan ClaimTtl = TimeSpan.FromSeconds(15);

    /// <summary>The longest that a task waits after a failure.</summary>
    public static readonly TimeSpan LongestBackOff = TimeSpan.FromMinutes(1);

    /// <summary>The longest that a task waits for any reason.</summary>
    public static readonly TimeSpan LongestDelay = TimeSpan.FromHours(1);

    private const int MostNamed = 3;
    private static readonly TimeSpan FirstBackOff = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan FirstDeclinePause = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LongestDeclinePause = TimeSpan.FromMinutes(15);

    /// <summary>
    /// How long a task waits after its n-th failure: 1 s, doubled each time, at most a minute.
    /// </summary>
    public static TimeSpan BackOff(int failures) => Doubled(FirstBackOff, failures, LongestBackOff);

    /// <summary>
    /// How long a task waits after it was declined the n-th time: 30 s, doubled each time, at most 15 minutes.
    /// </summary>
    public static TimeSpan DeclinePause(int declines) => Doubled(FirstDeclinePause, declines, LongestDeclinePause);

    /// <summary>
    /// Whether a task waits still. A time further off than any delay was written before the wall clock was set
    /// back, and holds nobody up.
    /// </summary>
    public static bool IsDelayed(DateTimeOffset? notBefore, DateTimeOffset now) =>
        notBefore > now && notBefore <= now + LongestDelay;

    /// <summary>A new task, its dependencies already resolved.</summary>
    public static TaskChange Create(NewTask task, ImmutableArray<TaskId> dependsOn, string actor, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(task);
        var made = new DurableTask(task.Id, task.Title)
        {
            Description = task.Description,
            Priority = task.Priority,
            Complexity = task.Complexity,
            EstimatedHours = task.EstimatedHours,
            Tags = task.Tags,
            DependsOn = dependsOn,
            Key = task.Key,
            Role = task.Role,
            Checks = [.. task.Checks.Distinct(StringComparer.Ordinal)],
            Needs = task.Needs,
            Stall = task.Stall,
            TimeLimit = task.TimeLimit,
            MaxAttempts = task.MaxAttempts,
            CreatedBy = actor,
            CreatedAt = now,
            UpdatedAt = now,
        };
        return new(made, [new(EventType.TaskCreated, actor, task.Id.Value, $"created: {task.Title}")]);
    }

    /// <summary>Why a task may not be claimed now by whoever names it; null when it may.</summary>
    /// <param name="task">The task.</param>
    /// <param name="open">
    /// Those of its dependencies that are not completed; looked at only where it waits for some, and no further than
    /// they are named.
    /// </param>
    public static Refusal? WhyNotClaimable(DurableTask task, IEnumerable<TaskId> open)
    {
        ArgumentNullException.ThrowIfNull(task);
        if (task.Status == DurableTaskStatus.InProgress)
        {
            return Conflict($"{task.Id} is claimed by {task.Claim?.Agent.Value ?? task.AssignedTo ?? "nobody known"}");
        }

        if (task.Status != DurableTaskStatus.Pending)
        {
            return Conflict($"{task.Id} is {task.Status.Name()}; only a pending task can be claimed");
        }

        return task.OpenDependencies > 0 ? Conflict($"{task.Id} waits for {Named(open, task.OpenDependencies)}") : null;
    }

    private static string Named(IEnumerable<TaskId> open, int count)
    {
        var named = open.Take(MostNamed).Select(id => id.Value).ToList();
        var left = count - named.Count;
        return named.Count == 0 ? $"{count} of its dependencies"
            : $"{string.Join(", ", named)}{(left > 0 ? $" and {left} more" : "")}";
    }

    /// <summary>The task under a new claim. Ask <see cref="WhyNotClaimable"/> first.</summary>
    public static TaskChange Claim(DurableTask task, ClaimState claim, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(task);
        ArgumentNullException.ThrowIfNull(claim);
        var attempt = task.Attempt + 1;
        var agent = claim.Agent.Value;
        return new(
            task with
            {
                Status = DurableTaskStatus.InProgress,
                Attempt = attempt,
                Claim = claim,
                AssignedTo = agent,
                ClaimedAt = now,
                UpdatedAt = now,
                NotBefore = null,
            },
            [Draft(EventType.TaskClaimed, task, agent, $"claimed by {agent}, attempt {attempt}", attempt)]);
    }

    /// <summary>The claim with another ttl before it.</summary>
    public static Ruling Extend(DurableTask task, Claim claim, string? progress, LeaseExpiry expiry, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(task);
        if (WhyNotHeld(task, claim) is { } refusal)
        {
            return refusal;
        }

        var held = task.Claim!;
        var longer = task with
        {
            Claim = held with
            {
                Extensions = held.Extensions + 1,
                Expiry = expiry,
                ExpiresAt = now + held.Ttl,
            },
        };
        return string.IsNullOrEmpty(progress)
            ? new TaskChange(longer, [])
            : new TaskChange(longer with { UpdatedAt = now },
                [Draft(EventType.TaskProgress, task, held.Agent.Value, progress, task.Attempt)]);
    }

    /// <summary>
    /// The task after a change by hand. Dependencies are checked by <see cref="DependencyRules"/> before.
    /// </summary>
    public static Ruling Edit(DurableTask task, TaskEdit edit, string actor, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(task);
        var changed = task with { UpdatedAt = now };
        switch (edit)
        {
            case TaskEdit.Note note:
                return new TaskChange(changed with { Notes = WithNote(task, note.Text, now) }, []);
            case TaskEdit.Spec spec:
                return new TaskChange(spec.File == task.SpecFile ? task : changed with { SpecFile = spec.File }, []);
            case TaskEdit.Assess assess:
                var whole = assess.Assessment.Over(task.Quality);
                return new TaskChange(
                    changed with
                    {
                        Quality = whole,
                        QualityScore = whole.Overall ?? task.QualityScore,
                        QualityNotes = whole.Summary(),
                        Notes = WithNote(task, assess.Remark, now),
                    },
                    []);
            case TaskEdit.Cancel when task.Status == DurableTaskStatus.Cancelled:
                return new TaskChange(task, []);
            case TaskEdit.Cancel when task.Status == DurableTaskStatus.Completed:
                return Conflict($"{task.Id} is completed; what is done can't be called off");
            case TaskEdit.Cancel cancel:
                return new TaskChange(
                    changed with
                    {
                        Status = DurableTaskStatus.Cancelled,
                        Claim = null,
                        Notes = WithNote(task, cancel.Reason, now),
                    },
                    [Draft(EventType.TaskCancelled, task, actor,
                        $"cancelled by {actor}{Because(cancel.Reason)}", task.Attempt)]);
            case TaskEdit.Requeue when task.Status == DurableTaskStatus.Completed:
                return Conflict($"{task.Id} is completed; make a new task instead");
            case TaskEdit.Requeue when task is { Status: DurableTaskStatus.Pending, NotBefore: null }:
                return new TaskChange(task, []);
            case TaskEdit.Requeue requeue:
                // A person's word begins the counting anew.
                return new TaskChange(
                    Free(changed) with
                    {
                        Failures = 0,
                        Losses = 0,
                        Declines = 0,
                        Notes = WithNote(task, requeue.Reason, now),
                    },
                    [Draft(EventType.TaskRequeued, task, actor,
                        $"requeued by {actor}{Because(requeue.Reason)}", task.Attempt)]);
            case TaskEdit.AddDependency add:
                return task.Status is not (DurableTaskStatus.Pending or DurableTaskStatus.Blocked)
                    ? Conflict($"{task.Id} is {task.Status.Name()}; a dependency can only be added before it is begun")
                    : task.DependsOn.Contains(add.On) ? new TaskChange(task, [])
                    : new TaskChange(changed with { DependsOn = task.DependsOn.Add(add.On) }, []);
            case TaskEdit.RemoveDependency remove:
                return task.DependsOn.Contains(remove.On)
                    ? new TaskChange(changed with { DependsOn = task.DependsOn.Remove(remove.On) }, [])
                    : new Refusal(RefusalKind.NotFound, $"{task.Id} does not depend on {remove.On}");
            default:
                throw new ArgumentOutOfRangeException(nameof(edit));
        }
    }

    private static TimeSpan Doubled(TimeSpan first, int times, TimeSpan most) => times <= 0 ? TimeSpan.Zero
        : TimeSpan.FromSeconds(Math.Min(
            most.TotalSeconds, first.TotalSeconds * Math.Pow(2, Math.Min(times - 1, 20))));

    private static DurableTask Free(DurableTask task) => task with
    {
        Status = DurableTaskStatus.Pending,
        Claim = null,
        AssignedTo = null,
        ClaimedAt = null,
        NotBefore = null,
    };

    private static Refusal? WhyNotHeld(DurableTask task, Claim claim)
    {
        if (task.Claim is { } held)
        {
            return held.Token == claim.Token ? null : new(RefusalKind.ClaimLost,
                $"the claim on {task.Id} is lost: attempt {task.Attempt} belongs to {held.Agent}");
        }

        if (task.SettledToken == claim.Token)
        {
            return new(RefusalKind.AlreadySettled,
                $"this attempt on {task.Id} was ended already: the task is {task.Status.Name()}");
        }

        // A claim of an attempt that there never was is a mistake of state, not a loss.
        return task.Attempt >= claim.Attempt && task.Attempt > 0
            ? new(RefusalKind.ClaimLost, $"the claim on {task.Id} is gone: the task is {task.Status.Name()}")
            : Conflict($"{task.Id} is {task.Status.Name()} and not claimed");
    }

    private static ImmutableArray<TaskNote> WithNote(DurableTask task, string? text, DateTimeOffset now) =>
        string.IsNullOrWhiteSpace(text) ? task.Notes : task.Notes.Add(new(now, text));

    private static EventDraft Draft(EventType type, DurableTask task, string actor, string message, int attempt) =>
        new(type, actor, task.Id.Value, message) { Data = new() { Attempt = attempt } };

    private static Refusal Conflict(string message) => new(RefusalKind.Conflict, message);

    private static string Because(string? reason) => string.IsNullOrWhiteSpace(reason) ? "" : $": {reason}";
}
