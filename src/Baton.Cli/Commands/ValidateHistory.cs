using System.Collections.Immutable;
using System.Text.Json;
using Baton.Validation;

namespace Baton.Cli;

/// <summary><c>baton validate --history FILE</c>: judges a recording. It needs no workspace.</summary>
internal static class ValidateHistory
{
    // Without one of these in a recording there is nothing to judge a promise by.
    private static readonly Dictionary<string, OperationKind[]> SpokenOfBy = new(StringComparer.Ordinal)
    {
        [nameof(OneHolderPerEpoch)] = [OperationKind.Acquire, OperationKind.Trust, OperationKind.Begin],
        [nameof(EpochsOnlyGrow)] = [OperationKind.Acquire],
        [nameof(TrustEndsBeforeLease)] = [OperationKind.Trust],
        [nameof(NoTakeoverOfAFreshLease)] = [OperationKind.Acquire],
        [nameof(NothingBehindTheFence)] = [OperationKind.Begin],
        [nameof(OnlyTheHolderActs)] = [OperationKind.Begin, OperationKind.Write, OperationKind.Evict, OperationKind.Effect],
        [nameof(SilentAfterStop)] = [OperationKind.Release, OperationKind.Trust, OperationKind.Kill, OperationKind.Exit],
        [nameof(LeaderAppearsWithin)] = [OperationKind.Heal],
        [nameof(OneLiveClaimPerTask)] = [OperationKind.Claim],
        [nameof(RequeuedOnce)] = [OperationKind.Requeue],
        [nameof(NoTaskLost)] = [OperationKind.Submit],
        [nameof(NoCompletedTaskRunsAgain)] = [OperationKind.Complete],
        [nameof(OnlyTheStaleAreEvicted)] = [OperationKind.Evict],
        [nameof(ViewsAgree)] = [OperationKind.View],
    };

    /// <summary>Reads a recording, or a log that it recognises, and judges it by every promise.</summary>
    /// <param name="session">The run.</param>
    /// <param name="file">A recording, a folder of them, or a <c>coordination.log</c>.</param>
    /// <exception cref="CommandFailure">It can't be read, or holds nothing.</exception>
    public static Task<Findings> RunAsync(Session session, string file)
    {
        var clock = session.Around.Clock;
        var (began, startedAt) = (Instant.Of(clock), clock.GetUtcNow());
        var (history, remark) = Read(session, file);
        session.Output.Remark(remark);
        var last = history.Done(OperationKind.Acquire).LastOrDefault();
        return Task.FromResult(new Findings(session.Around.Ids.NewSecret(), ValidationMode.History,
            [.. AllCheckers.List.Select(checker => Judge(checker, history))])
        {
            Store = file,
            Leader = last is not null && HolderId.IsWellFormed(last.Who) ? new(last.Who) : null,
            Epoch = last?.Epoch,
            Ttl = last?.Ttl,
            History = history,
            StartedAt = startedAt,
            Duration = Instant.Of(clock) - began,
        });
    }

    private static (History History, string Remark) Read(Session session, string file)
    {
        var path = Path.GetFullPath(file, session.Around.WorkingFolder);
        var isFolder = Directory.Exists(path);
        if (!isFolder && !File.Exists(path))
        {
            throw new CommandFailure(ErrorCode.InputOutput, $"--history {file}: there is no such file or folder",
                $"name a recording: run with {Recording.Variable}=DIR, then baton validate --history DIR");
        }

        try
        {
            if (!isFolder && CoordinationLog.IsOne(path))
            {
                var log = CoordinationLog.Read(path);
                return (NotEmpty(log.History), $"{file}: {log.Describe()}; {log.AboutRoster} of agents that came and went");
            }

            var history = NotEmpty(HistoryFile.Read(path));
            return (history, $"{file}: read {history.Operations.Length} operations");
        }
        catch (BrokenHistoryException e)
        {
            throw new CommandFailure(ErrorCode.Failure, e.Message,
                "it is neither a recording (an operation a line, as BATON_HISTORY makes them) nor a coordination.log");
        }

        History NotEmpty(History history) => !history.Operations.IsEmpty ? history : throw new CommandFailure(
            ErrorCode.Failure, $"--history {file}: no operation is recorded there",
            isFolder ? "name the folder that holds the .ndjson files" : "name a recording that holds some");
    }

    private static Criterion Judge(Checker checker, History history)
    {
        var id = JsonNamingPolicy.KebabCaseLower.ConvertName(checker.Name);
        var violations = checker.Judge(history);
        if (!violations.IsEmpty)
        {
            return new(id, checker.Promise, Judgement.Fail, Evidence(violations, history));
        }

        if (SpokenOfBy.TryGetValue(checker.Name, out var kinds) && !history.Of(kinds).Any())
        {
            return new(id, checker.Promise, Judgement.Skip,
                [$"nothing to judge by: the recording holds no {string.Join(", ", kinds.Select(kind => kind.Name()))}"]);
        }

        return new(id, checker.Promise, Judgement.Pass,
            [$"nothing breaks it in {history.Operations.Length} operations"]);
    }

    private static ImmutableArray<string> Evidence(ImmutableArray<Violation> violations, History history) =>
    [
        $"{violations.Length} {(violations.Length == 1 ? "violation" : "violations")}",
        .. violations.SelectMany(violation => violation.Evidence
            .Select(operation => FindingsPresentation.Detail + operation.Describe(history.Origin))
            .Prepend(violation.Message + Lines(violation))),
    ];

    private static string Lines(Violation violation)
    {
        var lines = violation.Evidence.Select(operation => operation.Line).Where(line => line > 0).Distinct().ToArray();
        return lines.Length == 0 ? "" : $" ({(lines.Length == 1 ? "line" : "lines")} {string.Join(", ", lines)})";
    }
}
