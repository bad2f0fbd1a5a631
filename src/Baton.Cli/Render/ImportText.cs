using System.Globalization;
using Baton.Work;

namespace Baton.Cli;

/// <summary>All that an import has to tell.</summary>
/// <param name="Batch">What was read for the store.</param>
/// <param name="Report">How it was read.</param>
/// <param name="Files">What became of the files of the workspace; null where none belong to it.</param>
/// <param name="Answer">What changed in the store, or would; null after a dry run where there is no store.</param>
internal sealed record ImportTold(ImportBatch Batch, ImportReport Report, WorkspaceFiles? Files, ImportAnswer? Answer)
{
    /// <summary>What was found on the way, in the source and then in the workspace.</summary>
    public IEnumerable<ImportFinding> Findings => Files is null ? Report.Findings : [.. Report.Findings, .. Files.Findings];

    /// <summary>How many tasks bring an assessment along.</summary>
    public int Assessments => Batch.Tasks.Count(task => task.Quality is not null);

    /// <summary>How many sections the working memory was given.</summary>
    public int SectionsAdded => Files?.Files.Sum(file => file.Sections) ?? 0;

    /// <summary>How many files were written or added to, or would be.</summary>
    public int Written => Count(FileFate.Written) + Count(FileFate.Joined);

    /// <summary>How many files met this fate.</summary>
    public int Count(FileFate fate) => Files?.Files.Count(file => file.Fate == fate) ?? 0;
}

/// <summary>An import as text.</summary>
internal static class ImportText
{
    private const int MostShown = 20;
    private const int MostOfAFile = 6;

    /// <summary>Writes what was read, what was taken in, and what was found on the way.</summary>
    public static void Write(TextWriter text, ImportTold told)
    {
        var (batch, report) = (told.Batch, told.Report);
        var statuses = batch.Tasks.GroupBy(task => task.Status).OrderBy(group => group.Key)
            .Select(group => $"{group.Count()} {group.Key.Name()}");
        var floor = report.FloorNamedIn is { } place ? $"{batch.Floor} ({place})" : "none named";
        text.WriteLine($"source       {Plain.Line(batch.Source)}");
        text.WriteLine(batch.Tasks.IsEmpty ? "tasks        0"
            : $"tasks        {batch.Tasks.Length}: {string.Join(", ", statuses)}");
        text.WriteLine($"assessments  {told.Assessments}, on their tasks");
        text.WriteLine($"agents       {batch.Agents.Length}, as history");
        text.WriteLine($"messages     {batch.Messages.Length}, as history");
        text.WriteLine($"epoch floor  {floor}");
        foreach (var (name, amount) in FilesRead(report))
        {
            text.WriteLine($"read         {Plain.Line(name)}: {amount}");
        }

        foreach (var file in report.Files.Where(file => !file.IsThere))
        {
            text.WriteLine($"not there    {file.File}");
        }

        WriteTaken(text, told);
        WriteFindings(text, told.Findings);
    }

    // A folder of many files of one kind is one line.
    private static IEnumerable<(string Name, string Amount)> FilesRead(ImportReport report) => report.Files
        .Where(file => file.IsThere)
        .GroupBy(file => file.Kind == "specs" ? $"{Path.GetDirectoryName(file.File)}/" : file.File)
        .Select(group => (group.Key == "/" ? "its files" : group.Key,
            Plain.Count(group.Sum(file => file.Records), group.First().Kind)));

    private static string Fresh(int added, int read, string things) =>
        string.Create(CultureInfo.InvariantCulture, $"{Plain.Count(added, things)} ({read - added} there already)");

    private static void WriteTaken(TextWriter text, ImportTold told)
    {
        var batch = told.Batch;
        if (told.Answer is not { } answer)
        {
            text.WriteLine("would import all of it: there is no workspace here");
        }
        else
        {
            var (verb, raised) = batch.IsTrial ? ("would import", "would go on") : ("imported    ", "go on");
            text.WriteLine($"{verb} {Fresh(answer.TasksAdded, batch.Tasks.Length, "new tasks")}, "
                + $"{Fresh(answer.AgentsAdded, batch.Agents.Length, "new agents")}, "
                + $"{Fresh(answer.MessagesAdded, batch.Messages.Length, "new messages")}"
                + (answer.FloorRaised ? $"; epochs {raised} above the floor" : ""));
        }

        if (told.Files is { Files.IsEmpty: false })
        {
            var would = batch.IsTrial ? "would be " : "";
            text.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"files        {told.Written} {would}written, {told.Count(FileFate.Known)} there already, "
                + $"{told.Count(FileFate.Kept)} kept as they are; "
                + $"{Plain.Count(told.SectionsAdded, "sections")} of working memory {would}added"));
        }
    }

    private static void WriteFindings(TextWriter text, IEnumerable<ImportFinding> findings)
    {
        foreach (var kind in findings.GroupBy(finding => finding.Kind).OrderBy(group => group.Key))
        {
            text.WriteLine();
            text.WriteLine($"{Heading(kind.Key)} ({kind.Count()}):");
            // One file full of the same must not hide what the others say.
            var shown = kind.GroupBy(finding => finding.File).SelectMany(file => file.Take(MostOfAFile))
                .Take(MostShown).ToList();
            foreach (var finding in shown)
            {
                var where = finding.Line is { } line ? $"{finding.File}:{line}" : finding.File;
                text.WriteLine($"  {Plain.Line($"{where}: {finding.Message}")}");
            }

            if (kind.Count() > shown.Count)
            {
                text.WriteLine($"  and {kind.Count() - shown.Count} more; --json tells all");
            }
        }
    }

    private static string Heading(FindingKind kind) => kind switch
    {
        FindingKind.Disagreement => "records that disagree",
        FindingKind.Changed => "taken in as something else",
        FindingKind.LeftOut => "left out",
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };
}
