using System.Text.Json;
using System.Text.Json.Serialization;

namespace Baton.Validation;

/// <summary>An operation as one line of a recording: NDJSON, snake_case, instants in nanoseconds.</summary>
internal sealed record OperationLine
{
    public required string Who { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public required OperationKind Kind { get; init; }

    public Outcome Outcome { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public required long BeganNs { get; init; }

    public long? EndedNs { get; init; }

    public string? Clock { get; init; }

    public long? Epoch { get; init; }

    public string? Subject { get; init; }

    public int? Attempt { get; init; }

    public string? Claim { get; init; }

    public long? UntilNs { get; init; }

    public double? TtlMs { get; init; }

    public string? Note { get; init; }

    public static OperationLine Of(Operation operation) => new()
    {
        Who = operation.Who,
        Kind = operation.Kind,
        Outcome = operation.Outcome,
        BeganNs = operation.Began.Nanoseconds,
        EndedNs = operation.Ended?.Nanoseconds,
        Clock = operation.Clock,
        Epoch = operation.Epoch?.Value,
        Subject = operation.Subject,
        Attempt = operation.Attempt,
        Claim = operation.Claim,
        UntilNs = operation.Until?.Nanoseconds,
        TtlMs = operation.Ttl?.TotalMilliseconds,
        Note = operation.Note,
    };

    /// <exception cref="FormatException">A value is out of its range; the message says which.</exception>
    public Operation ToOperation(int line) => new(Who, Kind, new(BeganNs), Outcome)
    {
        Ended = EndedNs is null || EndedNs >= BeganNs ? At(EndedNs)
            : throw new FormatException("it ended before it began"),
        Clock = Clock,
        Epoch = Epoch is null ? null
            : Epoch is >= 0 and <= Baton.Epoch.Highest ? new(Epoch.Value)
            : throw new FormatException($"{Epoch} is no epoch"),
        Subject = Subject,
        Attempt = Attempt,
        Claim = Claim,
        Until = At(UntilNs),
        Ttl = TtlMs is null ? null
            : TtlMs is >= 0 and <= 1e12 ? TimeSpan.FromMilliseconds(TtlMs.Value)
            : throw new FormatException($"{TtlMs} is no ttl"),
        Note = Note,
        Line = line,
    };

    private static Instant? At(long? nanoseconds) => nanoseconds is { } at ? new(at) : null;
}

/// <summary>How a recording is written and read: strict on input.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    AllowDuplicateProperties = false,
    RespectNullableAnnotations = true,
    Converters = [typeof(KindConverter), typeof(OutcomeConverter)])]
[JsonSerializable(typeof(OperationLine))]
internal sealed partial class RecordingJson : JsonSerializerContext;

internal sealed class KindConverter()
    : JsonStringEnumConverter<OperationKind>(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false);

internal sealed class OutcomeConverter()
    : JsonStringEnumConverter<Outcome>(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false);
