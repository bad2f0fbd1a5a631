using System.Collections.Immutable;

namespace Baton.Validation;

/// <summary>What a drill can't go on without did not come about; its criterion fails with this line.</summary>
internal sealed class DrillFailedException(string message) : Exception(message);

/// <summary>A drill can't be tried here; its criterion is skipped with this line.</summary>
internal sealed class DrillSkippedException(string message) : Exception(message);

/// <summary>Collects what a drill showed, and what it did not.</summary>
internal sealed class Verdict
{
    /// <summary>What a line begins with that says what was not as it must be.</summary>
    public const string Failed = "FAILED: ";

    private readonly ImmutableArray<string>.Builder _shown = ImmutableArray.CreateBuilder<string>();
    private readonly ImmutableArray<string>.Builder _failed = ImmutableArray.CreateBuilder<string>();
    private string? _skipped;

    /// <summary>Whether something failed so far.</summary>
    public bool HasFailed => _failed.Count > 0;

    /// <summary>A line of evidence.</summary>
    public void Show(Line line) => _shown.Add(line.Text());

    /// <summary>What was not as it must be.</summary>
    public void Fail(Line line) => _failed.Add(Failed + line.Text());

    /// <summary>A line of evidence where something holds, else a failure.</summary>
    public void Demand(bool holds, Line shown, Line failed)
    {
        if (holds)
        {
            Show(shown);
        }
        else
        {
            Fail(failed);
        }
    }

    /// <summary>It was not tried.</summary>
    public void Skip(string why) => _skipped = why;

    /// <summary>Times as evidence: how many, the median and the worst.</summary>
    public void ShowTimes(string what, IReadOnlyCollection<TimeSpan> times, TimeSpan bound)
    {
        var sorted = times.Order().ToArray();
        if (sorted.Length == 0)
        {
            Fail($"{what}: never seen");
            return;
        }

        Demand(sorted[^1] <= bound,
            $"{what}: median {sorted[sorted.Length / 2].TotalMilliseconds:0} ms, worst "
                + $"{sorted[^1].TotalMilliseconds:0} ms of {sorted.Length}; bound {bound.TotalSeconds:0.#} s",
            $"{what}: worst {sorted[^1].TotalMilliseconds:0} ms of {sorted.Length}, over the bound of "
                + $"{bound.TotalSeconds:0.#} s");
    }

    /// <summary>Adds what the promises say to a history.</summary>
    public void Judge(History history)
    {
        const int most = 5;
        var broken = AllCheckers.Judge(history);
        foreach (var violation in broken.Take(most))
        {
            Fail($"{violation.Promise}: {violation.Message}");
            foreach (var operation in violation.Evidence)
            {
                _failed.Add("  " + operation.Describe(history.Origin));
            }
        }

        if (broken.Length > most)
        {
            Fail($"and {broken.Length - most} more");
        }

        var writers = history.Operations.Select(operation => operation.Who).Distinct().Count();
        if (broken.IsEmpty)
        {
            Show($"{AllCheckers.List.Length} promises hold over {history.Operations.Length} recorded operations "
                + $"of {writers} actors");
        }
    }

    /// <summary>The criterion that it comes to. Nothing shown is a failure.</summary>
    public Criterion ToCriterion(string id, string title) => _failed.Count > 0
            ? new(id, title, Judgement.Fail, [.. _failed, .. _shown])
        : _skipped is { } why ? new(id, title, Judgement.Skip, [why])
        : _shown.Count > 0 ? new(id, title, Judgement.Pass, _shown.ToImmutable())
        : new(id, title, Judgement.Fail, [Failed + "nothing was shown"]);
}
