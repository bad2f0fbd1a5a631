using System.Collections.Immutable;
using System.Globalization;
using Baton.Work;

namespace Baton.Validation;

/// <summary>What a mark on a timeline stands for.</summary>
internal enum MarkKind
{
    Kill,
    Freeze,
    Thaw,
    Stop,
    Fault,
    Evict,
    Requeue,
    Refused,
}

/// <summary>A stretch of a lane: a life, a term, a time of being frozen.</summary>
internal sealed record Stretch(Instant From, Instant Until, string Title, Epoch? Epoch = null);

/// <summary>A moment of a lane.</summary>
internal sealed record Mark(Instant At, MarkKind Kind, string Title);

/// <summary>One row of the picture: an orchestrator by its stable name, the tasks, or other faults.</summary>
internal sealed record Lane(string Name)
{
    public ImmutableArray<Stretch> Lives { get; init; } = [];

    public ImmutableArray<Stretch> Terms { get; init; } = [];

    public ImmutableArray<Stretch> Frozen { get; init; } = [];

    public ImmutableArray<Mark> Marks { get; init; } = [];
}

/// <summary>How long nobody led after a leader was stopped, killed or frozen.</summary>
internal sealed record Takeover(Instant From, Instant Until, string Title);

/// <summary>What the picture of one history shows. Pure; drawing is another matter.</summary>
internal sealed record Timeline(Instant From, Instant Until, ImmutableArray<Lane> Lanes, ImmutableArray<Takeover> Takeovers)
{
    private const int MostLanes = 16;

    public static Timeline Of(History history)
    {
        var operations = history.Operations;
        var until = operations.IsEmpty ? default : operations.Max(operation => operation.Ended ?? operation.Began);
        var workers = operations.Where(operation => operation.Kind is OperationKind.Claim or OperationKind.Extend)
            .Select(operation => operation.Who).ToHashSet(StringComparer.Ordinal);
        var lives = operations
            .Where(operation => operation.Kind is OperationKind.Acquire or OperationKind.Trust or OperationKind.Register)
            .Select(operation => operation.Who).Distinct(StringComparer.Ordinal)
            .Where(who => !workers.Contains(who) && !NameOf(who).StartsWith(Agent.WorkerRole, StringComparison.Ordinal))
            .ToArray();
        var names = lives.GroupBy(NameOf, StringComparer.Ordinal).ToArray();
        var lanes = names.Take(MostLanes).Select(name => LaneOf(history, name.Key, [.. name], until)).ToList();
        if (names.Length > MostLanes)
        {
            lanes.Add(new(string.Create(CultureInfo.InvariantCulture, $"and {names.Length - MostLanes} more")));
        }

        var tasks = history.Done(OperationKind.Requeue, OperationKind.Bury)
            .Select(requeue => new Mark(requeue.Began, MarkKind.Requeue, requeue.Describe(history.Origin))).ToImmutableArray();
        if (!tasks.IsEmpty)
        {
            lanes.Add(new("tasks") { Marks = tasks });
        }

        var store = history.Of(OperationKind.Fault)
            .Select(fault => new Mark(fault.Began, MarkKind.Fault, fault.Describe(history.Origin))).ToImmutableArray();
        if (!store.IsEmpty)
        {
            lanes.Add(new("faults") { Marks = store });
        }

        return new(history.Origin, until, [.. lanes], Gaps(history));
    }

    private static string NameOf(string life) =>
        HolderId.IsWellFormed(life) ? IdSource.NameOf(new(life)) : life;

    private static Lane LaneOf(History history, string name, string[] lives, Instant until)
    {
        var own = lives.ToHashSet(StringComparer.Ordinal);
        var acts = history.Operations.Where(operation => own.Contains(operation.Who)).ToLookup(operation => operation.Who);
        var about = history.Operations.Where(operation => operation.Subject is { } subject && own.Contains(subject)).ToArray();
        return new(name)
        {
            Lives = [.. lives.Select(life => LifeOf(history, life, [.. acts[life]], until))],
            Terms =
            [
                .. history.Reigns.Where(reign => own.Contains(reign.Who)).Select(reign => new Stretch(reign.From, reign.Until,
                    $"{reign.Who} led with epoch {reign.Epoch} for {FindingsWords.Span(reign.Until - reign.From)}", reign.Epoch)),
            ],
            Frozen = [.. about.Where(operation => operation.Kind == OperationKind.Freeze)
                .Select(freeze => FrozenFrom(freeze, about, until))],
            Marks =
            [
                .. about.Where(operation => KindOf(operation) is not null).Select(operation =>
                    new Mark(operation.Began, KindOf(operation)!.Value, operation.Describe(history.Origin))),
                .. history.Of(OperationKind.Begin, OperationKind.Write)
                    .Where(write => own.Contains(write.Who) && write.Outcome == Outcome.Refused)
                    .Select(write => new Mark(write.Began, MarkKind.Refused, write.Describe(history.Origin))),
            ],
        };
    }

    private static Stretch LifeOf(History history, string life, Operation[] acts, Instant until)
    {
        var end = history.EndOf(life);
        var last = end?.Began ?? (acts.Length == 0 ? until : acts.Max(act => act.Ended ?? act.Began));
        return new(acts.Length == 0 ? history.Origin : acts[0].Began, last, life);
    }

    private static Stretch FrozenFrom(Operation freeze, Operation[] about, Instant until)
    {
        var end = about.FirstOrDefault(operation => operation.Subject == freeze.Subject && operation.Began > freeze.Began
            && operation.Kind is OperationKind.Thaw or OperationKind.Kill or OperationKind.Exit);
        return new(freeze.Began, end?.Began ?? until, $"{freeze.Subject} is frozen");
    }

    private static MarkKind? KindOf(Operation operation) => operation.Kind switch
    {
        OperationKind.Kill => MarkKind.Kill,
        OperationKind.Freeze => MarkKind.Freeze,
        OperationKind.Thaw => MarkKind.Thaw,
        OperationKind.Stop => MarkKind.Stop,
        OperationKind.Evict when operation.IsOk => MarkKind.Evict,
        _ => null,
    };

    // From what was done to a leader to the beginning of the next reign.
    private static ImmutableArray<Takeover> Gaps(History history)
    {
        var gaps = ImmutableArray.CreateBuilder<Takeover>();
        var faults = history.Of(OperationKind.Kill, OperationKind.Freeze, OperationKind.Stop).ToArray();
        foreach (var reign in history.Reigns)
        {
            var next = history.Reigns.FirstOrDefault(other => other.Epoch > reign.Epoch
                && other.First.Clock == reign.First.Clock);
            var fault = faults.LastOrDefault(each => each.Subject == reign.Who && each.Began >= reign.From
                && next is not null && each.Began <= next.From);
            // Who was not there yet could not take over.
            if (next is not null && fault is not null && history.Operations.Any(operation =>
                operation.Who == next.Who && operation.Began < fault.Began))
            {
                gaps.Add(new(fault.Began, next.From,
                    $"{OperationNames.Name(fault.Kind)} of {reign.Who} (epoch {reign.Epoch}) to {next.Who} "
                    + $"(epoch {next.Epoch}): {FindingsWords.Span(next.From - fault.Began)}"));
            }
        }

        return gaps.ToImmutable();
    }
}
