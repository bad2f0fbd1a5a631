using Baton.Work;

namespace Baton.Cli;

/// <summary><c>import</c>; what it changed, or would, is null after a dry run where there is no store.</summary>
internal sealed record ImportJson(
    string Source,
    bool DryRun,
    ImportedTasksJson Tasks,
    ImportedAgentsJson Agents,
    ImportedMessagesJson Messages,
    ImportedAssessmentsJson Assessments,
    ImportedWorkspaceJson? Workspace,
    long EpochFloor,
    string? EpochFloorNamedIn,
    bool? EpochFloorRaised,
    IReadOnlyList<ImportFileJson> Files,
    IReadOnlyList<ImportFindingJson> Findings)
{
    public static ImportJson Of(ImportTold told) => new(
        told.Batch.Source,
        told.Batch.IsTrial,
        new(told.Batch.Tasks.Length, told.Answer?.TasksAdded, told.Answer?.TasksKnown, ByStatus(told.Batch)),
        new(told.Batch.Agents.Length, told.Answer?.AgentsAdded, told.Batch.Agents.Length - told.Answer?.AgentsAdded),
        new(told.Batch.Messages.Length, told.Answer?.MessagesAdded, told.Batch.Messages.Length - told.Answer?.MessagesAdded),
        new(told.Assessments),
        told.Files is null ? null : new(told.Written, told.Count(FileFate.Known),
            told.Count(FileFate.Kept), told.SectionsAdded),
        told.Batch.Floor.Value,
        told.Report.FloorNamedIn,
        told.Answer?.FloorRaised,
        [.. told.Report.Files.Select(file => new ImportFileJson(file.File, file.IsThere, file.Records, file.Kind))],
        [.. told.Findings.Select(finding =>
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
internal sealed record ImportedAgentsJson(int Read, int? Added, int? Known);

/// <summary>The messages of an import.</summary>
internal sealed record ImportedMessagesJson(int Read, int? Added, int? Known);

/// <summary>The assessments of an import: how many tasks bring one along.</summary>
internal sealed record ImportedAssessmentsJson(int Read);

/// <summary>
/// The files of an import: those written or added to, those that are there already, those that stay though the source
/// has others; and the sections that the working memory lacked. After a dry run: what would become of them.
/// </summary>
internal sealed record ImportedWorkspaceJson(int Written, int Known, int Kept, int MemorySections);

/// <summary>A file that an import looked for.</summary>
internal sealed record ImportFileJson(string File, bool Found, int Records, string Kind);

/// <summary>A finding; <c>kind</c> is <c>disagreement</c>, <c>changed</c> or <c>left_out</c>.</summary>
internal sealed record ImportFindingJson(string Kind, string File, int? Line, string Message);
