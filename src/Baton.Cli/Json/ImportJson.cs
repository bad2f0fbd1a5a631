using Baton.Work;

namespace Baton.Cli;

/// <summary><c>import</c>; what it changed is null after a dry run.</summary>
internal sealed record ImportJson(
    string Source,
    bool DryRun,
    ImportedTasksJson Tasks,
    ImportedAgentsJson Agents,
    long EpochFloor,
    string? EpochFloorNamedIn,
    bool? EpochFloorRaised,
    IReadOnlyList<ImportFileJson> Files,
    IReadOnlyList<ImportFindingJson> Findings)
{
    public static ImportJson Of(ImportReading.Whole whole, ImportAnswer? answer) => new(
        whole.Batch.Source,
        answer is null,
        new(whole.Batch.Tasks.Length, answer?.TasksAdded, answer?.TasksKnown, ByStatus(whole.Batch)),
        new(whole.Batch.Agents.Length, answer?.AgentsAdded),
        whole.Batch.Floor.Value,
        whole.Report.FloorNamedIn,
        answer?.FloorRaised,
        [.. whole.Report.Files.Select(file => new ImportFileJson(file.File, file.IsThere, file.Records))],
        [.. whole.Report.Findings.Select(finding =>
            new ImportFindingJson(finding.Kind.Name(), finding.File, finding.Line, finding.Message))]);

    private static SortedDictionary<string, int> ByStatus(ImportBatch batch) => new(
        Enum.GetValues<DurableTaskStatus>().ToDictionary(
            status => status.Name(), status => batch.Tasks.Count(task => task.Status == status)),
        StringComparer.Ordinal);
}

/// <summary>The tasks of an import.</summary>
internal sealed record ImportedTasksJson(
    int Read, int? Added, int? Known, SortedDictionary<string, int> ByStatus);

/// <summary>The agents of an import.</summary>
internal sealed record ImportedAgentsJson(int Read, int? Added);

/// <summary>A file that an import looked for.</summary>
internal sealed record ImportFileJson(string File, bool Found, int Records);

/// <summary>A finding; <c>kind</c> is <c>disagreement</c>, <c>changed</c> or <c>left_out</c>.</summary>
internal sealed record ImportFindingJson(string Kind, string File, int? Line, string Message);
