using System.Collections.Immutable;
using Baton.Validation;
using Baton.Work;

namespace Baton.Cli;

/// <summary>What a task runner is to do.</summary>
/// <param name="Command">The command that works on a task, and its arguments.</param>
internal sealed record RunOrder(ImmutableArray<string> Command)
{
    /// <summary>The exit code by which a command declines its task (EX_TEMPFAIL).</summary>
    public const int Declines = 75;

    /// <summary>This task; null: the first ready one.</summary>
    public TaskId? Task { get; init; }

    /// <summary>Wait until there is something to take.</summary>
    public bool Waits { get; init; }

    /// <summary>Go on with the next one, until stopped or drained.</summary>
    public bool Repeats { get; init; }

    /// <summary>The stable name on the roster.</summary>
    public string Agent { get; init; } = "worker";

    /// <summary>The role on the roster; tasks of another role are passed over.</summary>
    public string? Role { get; init; }

    /// <summary>What the worker can do; tasks that need anything else are passed over.</summary>
    public ImmutableArray<string> Can { get; init; } = [];

    /// <summary>Role and abilities together.</summary>
    public Skills Skills => new(Role, Can);

    /// <summary>How long a command may say nothing; null: for ever. A task may allow less.</summary>
    public TimeSpan? Stall { get; init; }

    /// <summary>How long an attempt may take; null: for ever. A task may allow less.</summary>
    public TimeSpan? TimeLimit { get; init; }

    /// <summary>Keeps what the commands say; null: nobody does.</summary>
    public TaskLogs? Logs { get; init; }

    /// <summary>The full path of a task's spec; null where it has none.</summary>
    public Func<DurableTask, string?> SpecFile { get; init; } = _ => null;

    /// <summary>Whether the leader's worker pool started this process.</summary>
    public bool IsPooled { get; init; }

    /// <summary>How long the agent may be silent; default 6 s.</summary>
    public TimeSpan AgentTtl { get; init; } = TimeSpan.FromSeconds(6);

    /// <summary>How long the claim lives without being extended.</summary>
    public TimeSpan ClaimTtl { get; init; } = TaskRules.ClaimTtl;

    /// <summary>How long a command has to end by itself once it was asked to; default 5 s.</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Whether the command reads our standard input; else it finds it empty.</summary>
    public bool InheritsInput { get; init; }

    /// <summary>Whether orphans that this process adopts are the command's.</summary>
    public bool OwnsOrphans { get; init; }

    /// <summary>Where the command's standard output goes, given the task.</summary>
    public Func<DurableTask, ChildOutput> Output { get; init; } = _ => ChildOutput.Same;

    /// <summary>Where the command's standard error goes, given the task.</summary>
    public Func<DurableTask, ChildOutput> Errors { get; init; } = _ => ChildOutput.Same;

    /// <summary>What tells the command where the stores are; default nothing.</summary>
    public ImmutableDictionary<string, string?> Stores { get; init; } = ImmutableDictionary<string, string?>.Empty;
}

/// <summary>What a task runner works with.</summary>
/// <param name="Work">The work store.</param>
/// <param name="Witnesses">The witnesses of this host; null where there are none.</param>
internal sealed record RunStores(IWorkStore Work, WitnessFolder? Witnesses);

/// <summary>What a task runner draws on and speaks through.</summary>
/// <param name="Ids">Makes the ids.</param>
/// <param name="Clock">The clock.</param>
/// <param name="Describe">A task as JSON, for the file that the command finds.</param>
/// <param name="Trouble">Told of trouble in a sentence.</param>
internal sealed record RunTools(
    IdSource Ids, TimeProvider Clock, Func<DurableTask, string> Describe, Action<string> Trouble)
{
    /// <summary>Records from when to when a command runs; null where nothing is recorded.</summary>
    public Recorder? Recorder { get; init; }
}

/// <summary>How a run ended.</summary>
internal abstract record RunOutcome
{
    private RunOutcome() { }

    /// <summary>The command exited with 0, and the task is completed.</summary>
    public sealed record Completed(DurableTask Task) : RunOutcome;

    /// <summary>The command failed, and so did the attempt.</summary>
    /// <param name="Task">The task as it stands now.</param>
    /// <param name="ExitCode">The command's; null where it was ended for taking too long.</param>
    /// <param name="Reason">Why.</param>
    public sealed record Failed(DurableTask Task, int? ExitCode, string Reason) : RunOutcome;

    /// <summary>The command gave the task back, for it can't or won't do it.</summary>
    public sealed record Declined(DurableTask Task, string Reason) : RunOutcome;

    /// <summary>The command said itself what becomes of the attempt, and exited with 0.</summary>
    public sealed record Settled(DurableTask Task) : RunOutcome;

    /// <summary>The claim was lost, and the command was ended for it.</summary>
    public sealed record ClaimLost(DurableTask Task, string Reason) : RunOutcome;

    /// <summary>There was nothing to take.</summary>
    public sealed record NothingReady(DateTimeOffset? NextAt) : RunOutcome;

    /// <summary>The task could not be claimed.</summary>
    public sealed record Refused(Refusal Refusal) : RunOutcome;

    /// <summary>Stopped from outside; a task under way was given back.</summary>
    public sealed record Interrupted(DurableTask? Task) : RunOutcome;

    /// <summary>It had been asked to take no more.</summary>
    public sealed record Drained : RunOutcome;
}
