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
    Round,
    Evict,
    Requeue,
    Refused,
}

/// <summary>A stretch of a lane: a life, a term, a time of being frozen.</summary>
internal sealed record Stretch(Instant From, Instant Until, string Title, Epoch? Epoch = null);

/// <summary>A moment of a lane; the label stands beside it where hovering must not be needed.</summary>
internal sealed record Mark(Instant At, MarkKind Kind, string Title, string Label = "");

/// <summary>One row of the picture: an orchestrator by its stable name, the tasks, or other faults.</summary>
internal sealed record Lane(string Name)
{
    public ImmutableArray<Stretch> Lives { get; init; } = [];

    public ImmutableArray<Stretch> Terms { get; init; } = [];

    public ImmutableArray<Stretch> Frozen { get; init; } = [];

    public ImmutableArray<Mark> Marks { get; init; } = [];
}

/// <summary>
/// How long nobody led after something was done to a leader or its store: from a kill or a freeze on, else from when
/// it gave up.
/// </summary>
internal sealed record Takeover(Instant From, Instant Until, string Title);

/// <summary>What the picture of one history shows. Pure; drawing is another matter.</summary>
internal sealed record Timeline(Instant From, Instant Until, ImmutableArray<Lane> Lanes, ImmutableArray<Takeover> Takeovers)
{
    private const int MostLanes = 32;
    private const int MostLeaders = 64;

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
        var terms = TermsOf(history);
        var led = terms.Select(term => NameOf(term.Who)).Distinct(StringComparer.Ordinal).Take(MostLeaders).ToHashSet();
        var shown = names.OrderByDescending(name => led.Contains(name.Key)).Take(Math.Max(MostLanes, led.Count)).ToHashSet();
        var lanes = names.Where(shown.Contains).Select(name => LaneOf(history, terms, name.Key, [.. name], until)).ToList();
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

        foreach (var (name, kind, marks) in (ReadOnlySpan<(string, MarkKind, IEnumerable<Operation>)>)[
            ("rounds", MarkKind.Round, history.Of(OperationKind.Start).Where(start => start.Subject == SingleLeader.Round)),
            ("faults", MarkKind.Fault, history.Of(OperationKind.Fault))])
        {
            var all = marks.Select(mark =>
                new Mark(mark.Began, kind, mark.Describe(history.Origin), LabelOf(mark))).ToImmutableArray();
            if (!all.IsEmpty)
            {
                lanes.Add(new(name) { Marks = all });
            }
        }

        return new(history.Origin, until, [.. lanes], Gaps(history));
    }

    // That it is about the store needs no word.
    private static string LabelOf(Operation operation)
    {
        const string known = "the store was ";
        var note = operation.Note ?? "";
        return note.StartsWith(known, StringComparison.Ordinal) ? note[known.Length..] : note;
    }

    private static string NameOf(string life) =>
        HolderId.IsWellFormed(life) ? IdSource.NameOf(new(life)) : life;

    private static Lane LaneOf(History history, ImmutableArray<(string Who, Stretch Term)> terms, string name,
        string[] lives, Instant until)
    {
        var own = lives.ToHashSet(StringComparer.Ordinal);
        var acts = history.Operations.Where(operation => own.Contains(operation.Who)).ToLookup(operation => operation.Who);
        var about = history.Operations.Where(operation => operation.Subject is { } subject && own.Contains(subject)).ToArray();
        return new(name)
        {
            Lives = [.. lives.Select(life => LifeOf(history, life, [.. acts[life]], until))],
            Terms = [.. terms.Where(term => own.Contains(term.Who)).Select(term => term.Term)],
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

    private static ImmutableArray<(string Who, Stretch Term)> TermsOf(History history)
    {
        if (!history.Reigns.IsEmpty)
        {
            return [.. history.Reigns.Select(reign => (reign.Who, new Stretch(reign.From, reign.Until,
                $"{reign.Who} led with epoch {reign.Epoch} for {FindingsWords.Span(reign.Until - reign.From)}", reign.Epoch)))];
        }

        // A log that tells of no belief tells who took the lease, and when the next one did.
        var acquires = history.Done(OperationKind.Acquire).ToArray();
        var heard = history.Operations.ToLookup(operation => operation.Who, operation => operation.Ended ?? operation.Began);
        return [.. acquires.Select((acquire, index) =>
        {
            var last = heard[acquire.Who].Max() + (acquire.Ttl ?? TimeSpan.Zero);
            var end = index + 1 < acquires.Length && acquires[index + 1].Began < last ? acquires[index + 1].Began : last;
            return (acquire.Who, new Stretch(acquire.Began, end, acquire.Describe(history.Origin), acquire.Epoch));
        })];
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

    private static ImmutableArray<Takeover> Gaps(History history)
    {
        var gaps = ImmutableArray.CreateBuilder<Takeover>();
        var faults = history.Of(OperationKind.Kill, OperationKind.Freeze, OperationKind.Stop, OperationKind.Fault).ToArray();
        foreach (var reign in history.Reigns)
        {
            var next = history.Reigns.FirstOrDefault(other => other.Epoch > reign.Epoch
                && other.First.Clock == reign.First.Clock);
            var fault = faults.LastOrDefault(each => Struck(each, reign) && each.Began >= reign.From
                && next is not null && each.Began <= next.From);
            if (next is null || fault is null || !StoodBy(history, next, fault))
            {
                continue;
            }

            // Who was asked to stop, or lost its store, led until it gave up; who is dead or frozen did not.
            var from = fault.Kind is OperationKind.Stop or OperationKind.Fault && reign.Until > fault.Began
                ? reign.Until : fault.Began;
            var all = FindingsWords.Span(next.From - fault.Began);
            gaps.Add(new(from, next.From < from ? from : next.From,
                $"{OperationNames.Name(fault.Kind)} under {reign.Who} (epoch {reign.Epoch}): {next.Who} led with "
                + $"epoch {next.Epoch} {all} later; nobody led for {FindingsWords.Span(next.From - from)}"));
        }

        return gaps.ToImmutable();
    }

    private static bool Struck(Operation fault, Reign reign) => fault.Kind == OperationKind.Fault
        ? fault.Epoch == reign.Epoch
        : fault.Subject == reign.Who;

    // Who was not there yet could not take over. Who loses its store begins a new life in the next one.
    private static bool StoodBy(History history, Reign next, Operation fault) => history.Operations.Any(operation =>
        operation.Began < fault.Began && (operation.Who == next.Who
            || (fault.Kind == OperationKind.Fault && NameOf(operation.Who) == NameOf(next.Who))));
}
