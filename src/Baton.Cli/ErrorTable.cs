using Baton.Work;

namespace Baton.Cli;

/// <summary>What the program ends with.</summary>
internal static class ExitCode
{
    public const int Ok = 0;
    public const int Failure = 1;
    public const int Usage = 2;
    public const int NotFound = 3;
    public const int Conflict = 4;
    public const int Fenced = 5;
    public const int Unavailable = 6;
    public const int NothingReady = 7;
    public const int ValidationFailed = 8;
    public const int Interrupted = 130;
}

/// <summary>The stable names of what can go wrong, beside those of <see cref="StoreFault"/>.</summary>
internal static class ErrorCode
{
    public const string Failure = "failure";
    public const string Timeout = "timeout";
    public const string InputOutput = "io_error";
    public const string Bug = "internal_error";
    public const string Usage = "usage";
    public const string NoWorkspace = "no_workspace";
    public const string Ambiguous = "ambiguous";
    public const string CheckFailed = "check_failed";
    public const string NotFound = "not_found";
    public const string UnknownDependency = "unknown_dependency";
    public const string Conflict = "conflict";
    public const string Cycle = "dependency_cycle";
    public const string AgentGone = "agent_gone";
    public const string NoCandidate = "no_candidate";
    public const string Fenced = "fenced";
    public const string ClaimLost = "claim_lost";
    public const string NoLeader = "no_leader";
    public const string NothingReady = "nothing_ready";
    public const string Interrupted = "interrupted";
}

/// <summary>What follows from an error code.</summary>
/// <param name="ExitCode">What the program ends with.</param>
/// <param name="IsRetryable">Whether the same command may succeed later.</param>
/// <param name="Hint">What to do next; null where nothing can be said in general.</param>
internal sealed record ErrorEntry(int ExitCode, bool IsRetryable, string? Hint);

/// <summary>The one table of errors.</summary>
internal static class ErrorTable
{
    private static readonly Dictionary<string, ErrorEntry> Entries = new(StringComparer.Ordinal)
    {
        [ErrorCode.Failure] = new(ExitCode.Failure, false, null),
        [ErrorCode.Timeout] = new(ExitCode.Failure, true, "try again, or allow more time with --timeout"),
        [ErrorCode.InputOutput] = new(ExitCode.Failure, false,
            "free some space or mend the permissions, then try again"),
        [ErrorCode.Bug] = new(ExitCode.Failure, false, "this is a bug; run it again with -v and report what it prints"),
        [ErrorCode.Usage] = new(ExitCode.Usage, false, null),
        [ErrorCode.NoWorkspace] = new(ExitCode.Usage, false, "baton init"),
        [ErrorCode.Ambiguous] = new(ExitCode.Usage, false, "give more of the id"),
        [ErrorCode.CheckFailed] = new(ExitCode.Failure, false,
            "mend it and complete the task again; 'baton task fail' gives the attempt up"),
        [ErrorCode.NotFound] = new(ExitCode.NotFound, false, null),
        [ErrorCode.UnknownDependency] = new(ExitCode.NotFound, false, "baton task list shows the ids"),
        [ErrorCode.Conflict] = new(ExitCode.Conflict, false, null),
        [ErrorCode.Cycle] = new(ExitCode.Conflict, false, "remove one of these dependencies"),
        [ErrorCode.AgentGone] = new(ExitCode.Conflict, false, "register again: a new life gets a new id"),
        [ErrorCode.NoCandidate] = new(ExitCode.Conflict, true, "start another orchestrator: baton orchestrator run"),
        [ErrorCode.Fenced] = new(ExitCode.Fenced, false, null),
        [ErrorCode.ClaimLost] = new(ExitCode.Fenced, false, "stop working on it; another attempt has it, or will"),
        [ErrorCode.NoLeader] = new(ExitCode.Unavailable, true, "start one: baton up, or baton orchestrator run"),
        [ErrorCode.NothingReady] = new(ExitCode.NothingReady, true,
            "baton task list shows the tasks, baton task show ID what one waits for"),
        [ErrorCode.Interrupted] = new(ExitCode.Interrupted, true, null),
        [StoreFault.Unreachable] = new(ExitCode.Unavailable, true, "baton doctor"),
        [StoreFault.Busy] = new(ExitCode.Unavailable, true, "baton doctor says who holds the write lock"),
        [StoreFault.Missing] = new(ExitCode.Unavailable, false,
            "baton orchestrator run makes it anew; baton doctor says more"),
        [StoreFault.Damaged] = new(ExitCode.Unavailable, false, "baton doctor --fix moves it aside"),
        [StoreFault.Replaced] = new(ExitCode.Unavailable, true, "baton doctor"),
        [StoreFault.Full] = new(ExitCode.Unavailable, true, "free some space"),
        [StoreFault.ReadOnly] = new(ExitCode.Unavailable, false, "mend the permissions of the workspace"),
        [StoreFault.Newer] = new(ExitCode.Unavailable, false, "use the newer program that made it"),
        [StoreFault.UnsafePlace] = new(ExitCode.Unavailable, false,
            "put the workspace on a file system of this machine"),
        [StoreFault.Mark] = new(ExitCode.Unavailable, false, "baton doctor"),
        [StoreFault.ForeignLeases] = new(ExitCode.Unavailable, false,
            "use the lease store that the workspace was made with"),
    };

    /// <summary>All codes, in the order of their names.</summary>
    public static IEnumerable<string> Codes => Entries.Keys.Order(StringComparer.Ordinal);

    /// <summary>What follows from a code.</summary>
    public static ErrorEntry Of(string code) => Entries.GetValueOrDefault(code, Entries[ErrorCode.Failure]);

    /// <summary>The code of a refusal.</summary>
    public static string CodeOf(RefusalKind kind) => kind switch
    {
        RefusalKind.NotFound => ErrorCode.NotFound,
        RefusalKind.Conflict => ErrorCode.Conflict,
        RefusalKind.AlreadySettled => ErrorCode.Conflict,
        RefusalKind.ClaimLost => ErrorCode.ClaimLost,
        RefusalKind.Unproven => ErrorCode.CheckFailed,
        RefusalKind.UnknownDependency => ErrorCode.UnknownDependency,
        RefusalKind.Cycle => ErrorCode.Cycle,
        RefusalKind.AgentGone => ErrorCode.AgentGone,
        RefusalKind.Ambiguous => ErrorCode.Ambiguous,
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };

    /// <summary>The failure that an exception is to whoever typed the command.</summary>
    public static CommandFailure FailureOf(Exception exception, bool stopped) => exception switch
    {
        CommandFailure failure => failure,
        StoreUnavailableException store => new(store.Code, store.Message, store.Hint),
        FencedException fenced => new(ErrorCode.Fenced, fenced.Message),
        OperationCanceledException when stopped => new(ErrorCode.Interrupted, "interrupted"),
        IOException or UnauthorizedAccessException => new(ErrorCode.InputOutput, exception.Message),
        _ => new(ErrorCode.Bug, $"{exception.GetType().Name}: {exception.Message}"),
    };
}
