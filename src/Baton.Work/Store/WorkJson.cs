using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Baton.Work;

/// <summary>The JSON inside the rows of a driver: what is only ever read and written whole.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ImmutableArray<string>))]
[JsonSerializable(typeof(ImmutableArray<TaskNote>))]
[JsonSerializable(typeof(ImmutableArray<CheckEvidence>))]
[JsonSerializable(typeof(EventFacts))]
[JsonSerializable(typeof(AnnouncedEvent))]
public sealed partial class WorkJson : JsonSerializerContext
{
    /// <summary>Words as a row keeps them.</summary>
    public static string Words(ImmutableArray<string> words) =>
        JsonSerializer.Serialize(words, Default.ImmutableArrayString);

    /// <summary>What <see cref="Words(ImmutableArray{string})"/> wrote.</summary>
    public static ImmutableArray<string> Words(string json) =>
        JsonSerializer.Deserialize(json, Default.ImmutableArrayString);

    /// <summary>Notes as a row keeps them.</summary>
    public static string Notes(ImmutableArray<TaskNote> notes) =>
        JsonSerializer.Serialize(notes, Default.ImmutableArrayTaskNote);

    /// <summary>What <see cref="Notes(ImmutableArray{TaskNote})"/> wrote.</summary>
    public static ImmutableArray<TaskNote> Notes(string json) =>
        JsonSerializer.Deserialize(json, Default.ImmutableArrayTaskNote);

    /// <summary>The event behind an announcement as its message bears it.</summary>
    public static string Of(AnnouncedEvent announced) => JsonSerializer.Serialize(announced, Default.AnnouncedEvent);

    /// <summary>Evidence as a row keeps it; null where there is none.</summary>
    public static string? Evidence(ImmutableArray<CheckEvidence> evidence) =>
        evidence.IsEmpty ? null : JsonSerializer.Serialize(evidence, Default.ImmutableArrayCheckEvidence);

    /// <summary>What <see cref="Evidence(ImmutableArray{CheckEvidence})"/> wrote.</summary>
    public static ImmutableArray<CheckEvidence> Evidence(string? json) =>
        json is null ? [] : JsonSerializer.Deserialize(json, Default.ImmutableArrayCheckEvidence);

    /// <summary>The facts of an event as a row keeps them; null where there are none.</summary>
    public static string? Facts(EventFacts? facts) =>
        facts is null ? null : JsonSerializer.Serialize(facts, Default.EventFacts);

    /// <summary>What <see cref="Facts(EventFacts)"/> wrote.</summary>
    public static EventFacts? Facts(string? json) =>
        json is null ? null : JsonSerializer.Deserialize(json, Default.EventFacts);
}
