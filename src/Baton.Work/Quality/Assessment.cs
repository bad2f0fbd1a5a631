using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Baton.Work;

/// <summary>A score in one dimension.</summary>
/// <param name="Dimension">In which.</param>
/// <param name="Score">1 to 10.</param>
/// <param name="Notes">Why; for a score that a machine gave, from which evidence.</param>
public sealed record DimensionScore(QualityDimension Dimension, decimal Score, string? Notes)
{
    /// <summary>1 to 10.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is not from 1 to 10.</exception>
    public decimal Score { get; init; } = Score is >= Assessment.Lowest and <= Assessment.Highest
        ? Score
        : throw new ArgumentOutOfRangeException(nameof(Score), Score, "a score is from 1 to 10");
}

/// <summary>
/// How good the work on a task is thought to be. A dimension that nobody judged is left out, never guessed.
/// </summary>
/// <param name="By">Who judged, a person or a program.</param>
/// <param name="At">When.</param>
/// <param name="Scores">At most one for each dimension.</param>
public sealed record Assessment(string By, DateTimeOffset At, ImmutableArray<DimensionScore> Scores)
{
    /// <summary>The worst score.</summary>
    public const decimal Lowest = 1;

    /// <summary>The best score.</summary>
    public const decimal Highest = 10;

    /// <summary>What was good.</summary>
    public ImmutableArray<string> Strengths { get; init; } = [];

    /// <summary>What could be better.</summary>
    public ImmutableArray<string> Improvements { get; init; } = [];

    /// <summary>What others can learn from it.</summary>
    public ImmutableArray<string> Lessons { get; init; } = [];

    /// <summary>A line for a person; null: none.</summary>
    public string? Notes { get; init; }

    /// <summary>An overall score as another system recorded it; null: it is computed.</summary>
    public decimal? Recorded { get; init; }

    /// <summary>What another system recorded, as it stands, else <see cref="Computed"/>.</summary>
    [JsonIgnore]
    public decimal? Overall => Recorded ?? Computed;

    /// <summary>
    /// The mean by weight, to one decimal, halves away from zero; over the weights of the dimensions that were
    /// judged. Null where none was.
    /// </summary>
    [JsonIgnore]
    public decimal? Computed => Scores.IsEmpty ? null : Math.Round(
        Scores.Sum(score => score.Score * score.Dimension.Weight()) / Weight, 1, MidpointRounding.AwayFromZero);

    /// <summary>The weight of the dimensions that were judged; 1 when all were.</summary>
    [JsonIgnore]
    public decimal Weight => Scores.Sum(score => score.Dimension.Weight());

    /// <summary>
    /// This one over an earlier one: dimensions that this one does not judge keep their score, and lessons are
    /// collected.
    /// </summary>
    public Assessment Over(Assessment? earlier) => earlier is null ? this : this with
    {
        Scores =
        [
            .. Enum.GetValues<QualityDimension>().Select(dimension => Of(dimension) ?? earlier.Of(dimension))
                .OfType<DimensionScore>(),
        ],
        // Whoever judges again replaces what they said before.
        Strengths = Strengths.IsEmpty && By != earlier.By ? earlier.Strengths : Strengths,
        Improvements = Improvements.IsEmpty && By != earlier.By ? earlier.Improvements : Improvements,
        Lessons = [.. earlier.Lessons.Union(Lessons, StringComparer.Ordinal)],
    };

    /// <summary>The score in a dimension; null where nobody judged it.</summary>
    public DimensionScore? Of(QualityDimension dimension) =>
        Scores.FirstOrDefault(score => score.Dimension == dimension);

    /// <summary>One line: the notes, else the lessons, else the scores; and how much was judged, where not all was.</summary>
    public string Summary()
    {
        var scores = string.Join(", ", Scores.Select(score =>
            string.Create(CultureInfo.InvariantCulture, $"{score.Dimension.Name()} {score.Score}")));
        var text = Notes ?? (Lessons.IsEmpty ? scores : string.Join(" ", Lessons));
        var judged = string.Join(", ", Scores.Select(score => score.Dimension.Name()));
        return Weight is 0 or 1 ? text
            : string.Create(CultureInfo.InvariantCulture, $"{text} (over {Weight * 100:0} % of the weights: {judged})");
    }

    /// <summary>The assessment as a store keeps it.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, AssessmentJson.Default.Assessment);

    /// <summary>What <see cref="ToJson"/> wrote.</summary>
    public static Assessment Parse(string json) =>
        JsonSerializer.Deserialize(json, AssessmentJson.Default.Assessment)!;
}

/// <summary>The JSON of assessments inside rows.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Assessment))]
internal sealed partial class AssessmentJson : JsonSerializerContext;
