using System.Text.Json.Serialization;
using Baton.Work;

namespace Baton.Cli;

/// <summary>A line of <c>events</c>.</summary>
internal sealed record EventJson(long Seq, DateTimeOffset At, string Type, long? Epoch, string Actor,
    string Subject, string Message, EventFactsJson? Data)
{
    public static EventJson Of(WorkEvent told)
    {
        var draft = told.Draft;
        return new(told.Seq, told.At, draft.Type.Name(), draft.Epoch?.Value, draft.Actor, draft.Subject,
            draft.Message, draft.Data is { } facts ? EventFactsJson.Of(facts) : null);
    }
}

/// <summary>The particulars of an event; only what applies is written.</summary>
internal sealed record EventFactsJson
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Attempt { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Agent { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Reason { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? ExitCode { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? EndedBy { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Pid { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? KnownEpoch { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? FloorEpoch { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTimeOffset? NotBefore { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Count { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Source { get; init; }

    /// <summary>What checks were seen to do.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<EvidenceJson>? Evidence { get; init; }

    public static EventFactsJson Of(EventFacts facts) => new()
    {
        Attempt = facts.Attempt,
        Agent = facts.Agent,
        Reason = facts.Reason,
        ExitCode = facts.ExitCode,
        EndedBy = facts.EndedBy,
        Pid = facts.Pid,
        KnownEpoch = facts.KnownEpoch,
        FloorEpoch = facts.FloorEpoch,
        NotBefore = facts.NotBefore,
        Count = facts.Count,
        Source = facts.Source,
        Evidence = facts.Evidence?.Select(EvidenceJson.Of).ToArray(),
    };
}
