using System.Text.Json.Serialization;

namespace Baton.Work;

/// <summary>What the work on a task is judged by.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<QualityDimension>))]
public enum QualityDimension
{
    /// <summary>Whether the task's goal was reached.</summary>
    [JsonStringEnumMemberName("completeness")]
    Completeness,

    /// <summary>Whether what was made is clean, tested and easy to change.</summary>
    [JsonStringEnumMemberName("code_quality")]
    CodeQuality,

    /// <summary>Whether it is written down.</summary>
    [JsonStringEnumMemberName("documentation")]
    Documentation,

    /// <summary>What it cost for what it is.</summary>
    [JsonStringEnumMemberName("efficiency")]
    Efficiency,

    /// <summary>What it changed for the better.</summary>
    [JsonStringEnumMemberName("impact")]
    Impact,
}

/// <summary>Names and weights of the dimensions.</summary>
public static class QualityDimensions
{
    private static readonly (string Name, decimal Weight)[] All =
        [("completeness", 0.30m), ("code_quality", 0.25m), ("documentation", 0.15m), ("efficiency", 0.15m), ("impact", 0.15m)];

    /// <summary>The word, as <c>code_quality</c>.</summary>
    public static string Name(this QualityDimension dimension) => All[(int)dimension].Name;

    /// <summary>Its part of the overall score; all together make 1.</summary>
    public static decimal Weight(this QualityDimension dimension) => All[(int)dimension].Weight;
}
