using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using Baton.Work;

namespace Baton.Postgres;

/// <summary>The JSON inside rows: what is only ever read and written whole.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ImmutableArray<string>))]
[JsonSerializable(typeof(ImmutableArray<TaskNote>))]
[JsonSerializable(typeof(EventFacts))]
internal sealed partial class WorkJson : JsonSerializerContext
{
    public static string Words(ImmutableArray<string> words) =>
        JsonSerializer.Serialize(words, Default.ImmutableArrayString);

    public static ImmutableArray<string> Words(string json) =>
        JsonSerializer.Deserialize(json, Default.ImmutableArrayString);

    public static string Notes(ImmutableArray<TaskNote> notes) =>
        JsonSerializer.Serialize(notes, Default.ImmutableArrayTaskNote);

    public static ImmutableArray<TaskNote> Notes(string json) =>
        JsonSerializer.Deserialize(json, Default.ImmutableArrayTaskNote);

    public static string? Facts(EventFacts? facts) =>
        facts is null ? null : JsonSerializer.Serialize(facts, Default.EventFacts);

    public static EventFacts? Facts(string? json) =>
        json is null ? null : JsonSerializer.Deserialize(json, Default.EventFacts);
}
