using Baton.Validation;

namespace Baton.Cli;

/// <summary>What <c>validate</c> found.</summary>
internal sealed record FindingsJson(string RunId, string Mode, string Result, string Store, string Election,
    DateTimeOffset StartedAt, long DurationMs, FoundLeaderJson Leader, IReadOnlyList<CriterionJson> Criteria,
    string? Report, long? Seed)
{
    public static FindingsJson Of(Findings findings, string? report) => new(
        findings.RunId, findings.Mode.Name(), findings.IsPass ? "pass" : "fail", findings.Store,
        findings.Election.Value, findings.StartedAt, (long)findings.Duration.TotalMilliseconds,
        new(findings.Leader?.Value, findings.Epoch?.Value),
        [.. findings.Criteria.Select(criterion => new CriterionJson(
            criterion.Id, criterion.Title, criterion.Result.Name(), criterion.Evidence))],
        report, findings.Seed);
}

/// <summary>Who led last; both null where nobody did.</summary>
internal sealed record FoundLeaderJson(string? Id, long? Epoch);

/// <summary>A criterion; <c>result</c> is <c>pass</c>, <c>fail</c> or <c>skip</c>.</summary>
internal sealed record CriterionJson(string Id, string Title, string Result, IReadOnlyList<string> Evidence);
