using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using Baton.Validation;
using Baton.Work;

namespace Baton.Simulation;

/// <summary>What one seed showed.</summary>
/// <param name="Seed">The seed.</param>
/// <param name="History">What was done.</param>
/// <param name="Violations">The promises that were broken.</param>
/// <param name="Virtual">How much time passed in the world.</param>
/// <param name="Steps">How many things happened.</param>
internal sealed record Ruling(
    ulong Seed, History History, ImmutableArray<Violation> Violations, TimeSpan Virtual, long Steps)
{
    public int Terms => History.Done(OperationKind.Acquire).Select(acquire => acquire.Epoch).Distinct().Count();

    /// <summary>Two runs of one seed agree in this to the byte.</summary>
    public string Digest => Convert.ToHexStringLower(SHA256.HashData(
        Encoding.UTF8.GetBytes(string.Join('\n', History.Operations))));
}

/// <summary>Plays one seed: chaos, healing, the end of all work, and an orderly end of everybody.</summary>
internal static class Trial
{
    /// <summary>The promise that no checker of a history can judge alone.</summary>
    public const string WorkFinishes = nameof(WorkFinishes);

    /// <summary>The promise that nothing throws what nobody expects.</summary>
    public const string NothingThrows = nameof(NothingThrows);

    public static Ruling Of(ulong seed, Beast? beast = null, bool isPlain = false)
    {
        var arena = new Arena(seed, beast, isPlain);
        var time = arena.Timeline;
        arena.Begin();
        var drama = new Drama(arena);
        time.RunUntil(time.Now + arena.Plan.Chaos, () => arena.Failure is not null);
        drama.Heal();
        var bound = time.Now + arena.Plan.Bound;
        time.RunUntil(time.Now + (arena.Plan.Ttl * 60) + TimeSpan.FromMinutes(5),
            () => arena.Failure is not null || (time.Now >= bound && IsFinished(arena)));
        // A clock that was set back may have lengthened the pause of a task, but by no more than the longest one.
        time.RunUntil(time.Now + TaskRules.LongestDelay,
            () => arena.Failure is not null || IsFinished(arena) || Tasks(arena).All(task => task.NotBefore is null));
        time.RunUntil(time.Now + (arena.Plan.Ttl * 60), () => arena.Failure is not null || IsFinished(arena));
        var isFinished = IsFinished(arena);
        Settle(arena);
        arena.Close();
        foreach (var each in arena.Contenders.Concat<Participant>(arena.Workers))
        {
            each.AskToStop();
        }

        time.RunUntil(time.Now + (arena.Plan.Ttl * 3), () => arena.Failure is not null);
        var history = new History(arena.Operations);
        return new(seed, history, Judge(arena, history, isFinished), time.Now - history.Origin, time.Steps);
    }

    private static bool IsFinished(Arena arena)
    {
        if (!arena.Submitter.IsDone)
        {
            return false;
        }

        var tasks = Tasks(arena);
        var failed = tasks.Where(task => task.Status == DurableTaskStatus.Failed).Select(task => task.Id).ToHashSet();
        // In the order of their creation, so what a task waits for comes before it.
        foreach (var task in tasks)
        {
            if (task.Status == DurableTaskStatus.Pending && task.DependsOn.Any(failed.Contains))
            {
                failed.Add(task.Id);
            }
            else if (task.Status is not (DurableTaskStatus.Completed or DurableTaskStatus.Failed))
            {
                return false;
            }
        }

        return true;
    }

    private static ImmutableArray<DurableTask> Tasks(Arena arena) =>
        arena.Stores.Work.TasksAsync(new(), CancellationToken.None).AsTask().GetAwaiter().GetResult();

    private static void Settle(Arena arena)
    {
        foreach (var task in Tasks(arena))
        {
            arena.Record(new("world", OperationKind.Settled, arena.Timeline.Now, Outcome.Ok)
            {
                Ended = arena.Timeline.Now, Subject = task.Id.Value, Note = task.Status.Name(),
            });
        }
    }

    private static ImmutableArray<Violation> Judge(Arena arena, History history, bool isFinished)
    {
        var commits = Commits(history);
        var all = AllCheckers.List
            .SelectMany(checker => Judge(checker, history, commits))
            .Where(found => !KnownLimits.Excuse(history, found, arena.Plan.Ttl))
            .DistinctBy(found => (found.Promise, found.Message)).ToList();
        if (arena.Failure is { } bug)
        {
            all.Add(new(NothingThrows, bug.ToString(), []));
        }
        else if (!isFinished)
        {
            all.Add(new(WorkFinishes, "not all tasks were finished long after the faults were over", []));
        }

        return [.. all];
    }

    // An acquire that arrives once more is answered once more, and changes nothing.
    private static History Commits(History history) => new(history.Operations
        .Where(operation => operation.Ended is not null)
        .OrderBy(operation => operation.Ended!.Value)
        .DistinctBy(operation => operation is { Kind: OperationKind.Acquire, IsOk: true }
            ? (object)(operation.Who, operation.Epoch, operation.Began) : operation)
        .Select(operation => operation with { Began = operation.Ended!.Value }));

    // A request that was long under way says little of when it took effect; the stores know the very instant.
    private static IEnumerable<Violation> Judge(Checker checker, History history, History commits) =>
        checker.Name switch
        {
            nameof(NoTakeoverOfAFreshLease) => checker.Judge(commits),
            nameof(NothingBehindTheFence) or nameof(OneLiveClaimPerTask) =>
                checker.Judge(history).Concat(checker.Judge(commits)),
            _ => checker.Judge(history),
        };
}
