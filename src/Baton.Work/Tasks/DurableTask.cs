using System.Collections.Immutable;

namespace Baton.Work;

/// <summary>How much a task matters; the order in which ready tasks are taken.</summary>
public enum TaskPriority
{
    /// <summary>Before all others.</summary>
    Critical,

    /// <summary>Before medium.</summary>
    High,

    /// <summary>The default.</summary>
    Medium,

    /// <summary>When nothing else is ready.</summary>
    Low,
}

/// <summary>Where a task stands.</summary>
public enum DurableTaskStatus
{
    /// <summary>Waits for its dependencies, or to be taken.</summary>
    Pending,

    /// <summary>Claimed.</summary>
    InProgress,

    /// <summary>Someone said that it can't go on; a person requeues it.</summary>
    Blocked,

    /// <summary>Done, once and for all.</summary>
    Completed,

    /// <summary>Tried too often.</summary>
    Failed,

    /// <summary>Called off.</summary>
    Cancelled,
}

/// <summary>How hard a task is thought to be.</summary>
public enum TaskComplexity
{
    /// <summary>Minutes.</summary>
    Trivial,

    /// <summary>An hour.</summary>
    Simple,

    /// <summary>Some hours.</summary>
    Moderate,

    /// <summary>Days.</summary>
    Complex,

    /// <summary>To be cut into smaller ones.</summary>
    Epic,
}

/// <summary>A remark on a task.</summary>
public sealed record TaskNote(DateTimeOffset At, string Text);

/// <summary>An issue elsewhere that a task belongs to.</summary>
public sealed record GithubIssue(int? Number, string? Url);

/// <summary>The claim that a task is under, as its row records it.</summary>
/// <param name="Agent">Who has it.</param>
/// <param name="Token">Attempt and secret; who presents another is refused.</param>
/// <param name="Epoch">The fence when it was claimed.</param>
/// <param name="Ttl">How long it lives without being extended.</param>
public sealed record ClaimState(AgentId Agent, string Token, Epoch Epoch, TimeSpan Ttl)
{
    /// <summary>When it runs out, by the wall clock; for display.</summary>
    public DateTimeOffset ExpiresAt { get; init; }

    /// <summary>When it runs out on the boot clock of its host.</summary>
    public LeaseExpiry? Expiry { get; init; }

    /// <summary>How often it was extended; standing still is silence.</summary>
    public long Extensions { get; init; }

    /// <summary>The claim's witness, which its whole process tree keeps alive.</summary>
    public FileIdentity? Witness { get; init; }

    /// <summary>The name of the claim's witness file.</summary>
    public HolderId WitnessName => Claim.WitnessNameOf(Token);
}

/// <summary>A task as the store keeps it. Changed only by <see cref="TaskRules"/>.</summary>
/// <param name="Id">The id.</param>
/// <param name="Title">One line.</param>
public sealed record DurableTask(TaskId Id, string Title)
{
    /// <summary>What is to be done; may be empty.</summary>
    public string Description { get; init; } = "";

    /// <summary>Default medium.</summary>
    public TaskPriority Priority { get; init; } = TaskPriority.Medium;

    /// <summary>Where it stands.</summary>
    public DurableTaskStatus Status { get; init; }

    /// <summary>Null where nobody said.</summary>
    public TaskComplexity? Complexity { get; init; }

    /// <summary>Null where nobody said.</summary>
    public decimal? EstimatedHours { get; init; }

    /// <summary>Free words.</summary>
    public ImmutableArray<string> Tags { get; init; } = [];

    /// <summary>The tasks that must be completed first.</summary>
    public ImmutableArray<TaskId> DependsOn { get; init; } = [];

    /// <summary>
    /// How many of <see cref="DependsOn"/> are not completed; the store fills it in when it reads.
    /// </summary>
    public int OpenDependencies { get; init; }

    /// <summary>The name under which a submitter may submit it again without making a second one.</summary>
    public string? Key { get; init; }

    /// <summary>The role an agent needs to take it; null: any.</summary>
    public string? Role { get; init; }

    /// <summary>What an agent must be able to do to take it; none: any may.</summary>
    public ImmutableArray<string> Needs { get; init; } = [];

    /// <summary>How long its command may say nothing; null: as long as its runner allows.</summary>
    public TimeSpan? Stall { get; init; }

    /// <summary>How long an attempt may take; null: as long as its runner allows.</summary>
    public TimeSpan? TimeLimit { get; init; }

    /// <summary>
    /// How many attempts may fail or be lost before it is given up; null: <see cref="TaskRules.MostFailures"/> and
    /// <see cref="TaskRules.MostLosses"/>, each counted by itself.
    /// </summary>
    public int? MaxAttempts { get; init; }

    /// <summary>Who created it.</summary>
    public string CreatedBy { get; init; } = "";

    /// <summary>When it was created.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it last changed.</summary>
    public DateTimeOffset UpdatedAt { get; init; }

    /// <summary>Who has it, or had it last.</summary>
    public string? AssignedTo { get; init; }

    /// <summary>When it was last claimed.</summary>
    public DateTimeOffset? ClaimedAt { get; init; }

    /// <summary>When it was completed.</summary>
    public DateTimeOffset? CompletedAt { get; init; }

    /// <summary>How often it was claimed.</summary>
    public int Attempt { get; init; }

    /// <summary>How many attempts failed by themselves.</summary>
    public int Failures { get; init; }

    /// <summary>How many attempts were lost with their agent.</summary>
    public int Losses { get; init; }

    /// <summary>How many attempts were declined.</summary>
    public int Declines { get; init; }

    /// <summary>Not taken by <c>--next</c> before this time; the back-off after a failure or a refusal.</summary>
    public DateTimeOffset? NotBefore { get; init; }

    /// <summary>The claim it is under.</summary>
    public ClaimState? Claim { get; init; }

    /// <summary>
    /// The token that ended its last attempt: who lost that answer and asks again is told so.
    /// </summary>
    public string? SettledToken { get; init; }

    /// <summary>Remarks, oldest first.</summary>
    public ImmutableArray<TaskNote> Notes { get; init; } = [];

    /// <summary>What the completing agent said.</summary>
    public string? Summary { get; init; }

    /// <summary>The commands that must succeed before it can be completed.</summary>
    public ImmutableArray<string> Checks { get; init; } = [];

    /// <summary>What the checks of its completion were seen to do.</summary>
    public ImmutableArray<CheckEvidence> Evidence { get; init; } = [];

    /// <summary>The issue it belongs to.</summary>
    public GithubIssue? GithubIssue { get; init; }

    /// <summary>The branch it is worked on.</summary>
    public string? Branch { get; init; }

    /// <summary>1 to 10.</summary>
    public decimal? QualityScore { get; init; }

    /// <summary>What the assessment said.</summary>
    public string? QualityNotes { get; init; }

    /// <summary>The assessment behind score and notes; null where only those are known, or there is none.</summary>
    public Assessment? Quality { get; init; }

    /// <summary>Its Markdown spec, relative to the workspace.</summary>
    public string? SpecFile { get; init; }

    /// <summary>Whether <c>--next</c> could take it but for a back-off.</summary>
    public bool IsReady => Status == DurableTaskStatus.Pending && OpenDependencies == 0;
}

/// <summary>
/// What an agent holds to prove that an attempt is its own: the task and a token of attempt and secret.
/// </summary>
public sealed record Claim(TaskId Task, int Attempt, string Secret)
{
    /// <summary>The token, as <c>3-9f8e7d6c5b4a3928</c>.</summary>
    public string Token => $"{Attempt}-{Secret}";

    /// <summary>The claim that a token stands for; null where the text is no token.</summary>
    public static Claim? Parse(TaskId task, string token)
    {
        ArgumentNullException.ThrowIfNull(token);
        var cut = token.IndexOf('-', StringComparison.Ordinal);
        return cut > 0 && int.TryParse(token.AsSpan(0, cut), out var attempt) && cut + 1 < token.Length
            ? new(task, attempt, token[(cut + 1)..])
            : null;
    }

    /// <summary>The name of the witness file of a claim.</summary>
    public static HolderId WitnessNameOf(string token) => new($"claim-{token}");
}
