using System.CommandLine;
using Baton.Work;

namespace Baton.Cli;

/// <summary><c>baton import hyrm DIR</c>: takes in the records of another system, all or nothing.</summary>
internal static class ImportCommand
{
    private const int MostShown = 20;

    public static Command Declare()
    {
        var folder = new Argument<string>("DIR") { Description = "the folder that holds memory/" };
        var dryRun = new Option<bool>("--dry-run") { Description = "read and report, change nothing" };
        var specs = new Argument<string>("DIR") { Description = "the folder of the specs" };
        return new Command("import", "take in another system's records")
        {
            new Verb("hyrm", "take in a Hyrm workspace: tasks, agents as history, the epoch floor",
                session => RunAsync(session, session.Get(folder)!, session.Get(dryRun))) { folder, dryRun },
            new Verb("specs", "take in tasks from Markdown specs",
                session => RunSpecsAsync(session, session.Get(specs)!)) { specs },
        };
    }

    private static async Task<int> RunAsync(Session session, string folder, bool dryRun)
    {
        if (string.IsNullOrWhiteSpace(folder))
        {
            throw CommandFailure.Usage("baton import hyrm: DIR is empty", "baton import hyrm --help");
        }

        var path = Path.GetFullPath(folder, session.Around.WorkingFolder);
        var whole = Whole(HyrmReader.Read(path, session.Around.Clock.GetUtcNow()));
        return Tell(session, whole, dryRun ? null : await TakeInAsync(session, whole.Batch));
    }

    private static async Task<int> RunSpecsAsync(Session session, string folder)
    {
        if (string.IsNullOrWhiteSpace(folder))
        {
            throw CommandFailure.Usage("baton import specs: DIR is empty", "baton import specs --help");
        }

        var path = Path.GetFullPath(folder, session.Around.WorkingFolder);
        var known = (await session.Work.TasksAsync(new(), session.Stop)).ToDictionary(task => task.Id);
        var whole = Whole(SpecFolder.Read(
            path, SpecDesk.Of(session).Below(path), session.Around.Clock.GetUtcNow(), known));
        return Tell(session, whole, await TakeInAsync(session, whole.Batch));
    }

    private static ImportReading.Whole Whole(ImportReading reading) => reading switch
    {
        ImportReading.Whole read => read,
        ImportReading.Missing missing => throw new CommandFailure(ErrorCode.NotFound, missing.Message, missing.Hint),
        ImportReading.Damaged damaged => throw new CommandFailure(ErrorCode.Failure, damaged.Message, damaged.Hint),
        _ => throw new InvalidOperationException("a reading is one of three"),
    };

    private static int Tell(Session session, ImportReading.Whole whole, ImportAnswer? answer)
    {
        session.Output.Data(ImportJson.Of(whole, answer), BatonJson.Default.ImportJson,
            text => Write(text, whole, answer));
        return ExitCode.Ok;
    }

    private static async Task<ImportAnswer> TakeInAsync(Session session, ImportBatch batch)
    {
        var answer = await session.Work.ImportAsync(batch, session.Stop);

        // Raised every time, so that a run that was cut off after the commit is made good by the next one.
        if (batch.Floor > Epoch.None)
        {
            session.Stores.Mark.Raise(session.Election, batch.Floor);
        }

        return answer;
    }

    private static void Write(TextWriter text, ImportReading.Whole whole, ImportAnswer? answer)
    {
        var (batch, report) = (whole.Batch, whole.Report);
        var statuses = batch.Tasks.GroupBy(task => task.Status).OrderBy(group => group.Key)
            .Select(group => $"{group.Count()} {group.Key.Name()}");
        var floor = report.FloorNamedIn is { } place ? $"{batch.Floor} ({place})" : "none named";
        text.WriteLine($"source       {Plain.Line(batch.Source)}");
        text.WriteLine(batch.Tasks.IsEmpty ? "tasks        0"
            : $"tasks        {batch.Tasks.Length}: {string.Join(", ", statuses)}");
        text.WriteLine($"agents       {batch.Agents.Length}, as history");
        text.WriteLine($"epoch floor  {floor}");
        foreach (var file in report.Files.Where(file => !file.IsThere))
        {
            text.WriteLine($"not there    {file.File}");
        }

        var raised = answer is { FloorRaised: true } ? "; epochs go on above the floor" : "";
        text.WriteLine(answer is null ? "imported     nothing: this was a dry run"
            : $"imported     {answer.TasksAdded} new tasks, {answer.TasksKnown} there already, "
                + $"{answer.AgentsAdded} new agents{raised}");
        foreach (var kind in report.Findings.GroupBy(finding => finding.Kind).OrderBy(group => group.Key))
        {
            text.WriteLine();
            text.WriteLine($"{Heading(kind.Key)} ({kind.Count()}):");
            foreach (var finding in kind.Take(MostShown))
            {
                var where = finding.Line is { } line ? $"{finding.File}:{line}" : finding.File;
                text.WriteLine($"  {Plain.Line($"{where}: {finding.Message}")}");
            }

            if (kind.Count() > MostShown)
            {
                text.WriteLine($"  and {kind.Count() - MostShown} more; --json tells all");
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
