using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Baton.Cli;

/// <summary>How this program writes and reads JSON: snake_case, strict on input.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    AllowDuplicateProperties = false,
    RespectNullableAnnotations = true,
    Converters = [typeof(UtcMilliseconds)])]
[JsonSerializable(typeof(WorkspaceConfig))]
[JsonSerializable(typeof(KnownLeases))]
[JsonSerializable(typeof(StatusJson))]
[JsonSerializable(typeof(LeaderJson))]
[JsonSerializable(typeof(TermJson[]))]
[JsonSerializable(typeof(ResignJson))]
[JsonSerializable(typeof(AgentJson))]
[JsonSerializable(typeof(AgentJson[]))]
[JsonSerializable(typeof(EventJson))]
[JsonSerializable(typeof(MessageJson))]
[JsonSerializable(typeof(MessageJson[]))]
[JsonSerializable(typeof(TaskJson))]
[JsonSerializable(typeof(TaskJson[]))]
[JsonSerializable(typeof(ClaimedJson))]
[JsonSerializable(typeof(NewTaskJson))]
[JsonSerializable(typeof(RunJson))]
[JsonSerializable(typeof(JsonElement))]
[JsonSerializable(typeof(TaskLogJson))]
[JsonSerializable(typeof(DemoJson))]
[JsonSerializable(typeof(InitJson))]
[JsonSerializable(typeof(SettingJson[]))]
[JsonSerializable(typeof(CleanupJson))]
[JsonSerializable(typeof(DoctorJson))]
[JsonSerializable(typeof(OrchestratorEventJson))]
[JsonSerializable(typeof(ImportJson))]
[JsonSerializable(typeof(SpecFileJson))]
[JsonSerializable(typeof(SpecFileJson[]))]
[JsonSerializable(typeof(SpecTextJson))]
[JsonSerializable(typeof(SpecFindingJson[]))]
[JsonSerializable(typeof(FindingsJson))]
[JsonSerializable(typeof(QualityReportJson))]
[JsonSerializable(typeof(LessonJson[]))]
[JsonSerializable(typeof(MemorySectionJson[]))]
[JsonSerializable(typeof(MemoryAppendJson))]
[JsonSerializable(typeof(MemoryArchiveJson))]
internal sealed partial class BatonJson : JsonSerializerContext;

/// <summary>Times as ISO-8601 in UTC with milliseconds and <c>Z</c>.</summary>
internal sealed class UtcMilliseconds : JsonConverter<DateTimeOffset>
{
    /// <summary>The text of a time.</summary>
    public static string Text(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.GetDateTimeOffset();

    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) =>
        writer.WriteStringValue(Text(value));
}
