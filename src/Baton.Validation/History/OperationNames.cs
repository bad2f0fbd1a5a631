using System.Text.Json;

namespace Baton.Validation;

/// <summary>The words for enums as a recording writes them: <c>give_back</c>, <c>refused</c>.</summary>
public static class OperationNames
{
    private static readonly Dictionary<OperationKind, string> Kinds = Enum.GetValues<OperationKind>()
        .ToDictionary(kind => kind, kind => JsonNamingPolicy.SnakeCaseLower.ConvertName(kind.ToString()));

    private static readonly Dictionary<Outcome, string> Outcomes = Enum.GetValues<Outcome>()
        .ToDictionary(outcome => outcome, outcome => JsonNamingPolicy.SnakeCaseLower.ConvertName(outcome.ToString()));

    /// <summary>The word for a kind.</summary>
    public static string Name(this OperationKind kind) => Kinds[kind];

    /// <summary>The word for an outcome.</summary>
    public static string Name(this Outcome outcome) => Outcomes[outcome];
}
