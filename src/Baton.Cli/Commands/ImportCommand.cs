using System.CommandLine;
using Baton.Work;

namespace Baton.Cli;

/// <summary><c>baton import hyrm DIR</c>: takes in the records of another system, all or nothing.</summary>
internal static class ImportCommand
{
    public static Command Declare()
    {
        var folder = new Argument<string>("DIR") { Description = "the folder that holds memory/" };
        var dryRun = new Option<bool>("--dry-run") { Description = "read and report, change nothing" };
        var specs = new Argument<string>("DIR") { Description = "the folder of the specs" };
        return new Command("import", "take in another system's records")
        {
            new Verb("hyrm", "take in a Hyrm workspace: tasks, assessments, messages, memory, specs",
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
        var desk = SpecDesk.Of(session);
        return dryRun ? await TryAsync(session, desk, whole)
            : await BringAsync(session, desk, whole, Path.TrimEndingDirectorySeparator(path)
                != Path.TrimEndingDirectorySeparator(desk.Root));
    }

    /// <summary>Only tells what would be taken in; what of it is new can be told where there is a store.</summary>
    private static async Task<int> TryAsync(Session session, SpecDesk desk, ImportReading.Whole whole)
    {
        var files = WorkspaceFiles.Plan(desk.Root, whole.Files);
        var batch = whole.Batch with { IsTrial = true };
        return Tell(session, whole with { Batch = batch }, files,
            session.Settings.Store is null ? null : await session.Work.ImportAsync(batch, session.Stop));
    }

    /// <summary>Takes in tasks and files, all or nothing.</summary>
    private static async Task<int> BringAsync(Session session, SpecDesk desk, ImportReading.Whole whole, bool lists)
    {
        // Opened before any file is written: without a store nothing is.
        var work = session.Work;
        using var held = whole.Files.IsEmpty ? null : desk.Lock();
        var files = WorkspaceFiles.Plan(desk.Root, whole.Files);
        files.Stage();
        ImportAnswer answer;
        try
        {
            answer = await TakeInAsync(session, work, whole.Batch);
        }
        catch
        {
            files.Discard();
            throw;
        }

        files.Settle();
        if (lists)
        {
            List(desk, files);
        }

        return Tell(session, whole, files, answer);
    }

    // Those that were there already too: an earlier import may have ended before it came to the index.
    private static void List(SpecDesk desk, WorkspaceFiles files)
    {
        desk.List(files.Files.Where(file => file.Fate != FileFate.Kept && file.Source.SpecTitle is not null)
            .Select(file => (file.Source.File, file.Source.SpecTitle!)));
    }

    private static async Task<int> RunSpecsAsync(Session session, string folder)
    {
        if (string.IsNullOrWhiteSpace(folder))
        {
            throw CommandFailure.Usage("baton import specs: DIR is empty", "baton import specs --help");
        }

        var path = Path.GetFullPath(folder, session.Around.WorkingFolder);
        var known = (await session.Work.TasksAsync(new(), session.Stop)).ToDictionary(task => task.Id);
        var desk = SpecDesk.Of(session);
        return await BringAsync(session, desk, Whole(SpecFolder.Read(
            path, desk.Below(path), session.Around.Clock.GetUtcNow(), known)), lists: true);
    }

    private static ImportReading.Whole Whole(ImportReading reading) => reading switch
    {
        ImportReading.Whole read => read,
        ImportReading.Missing missing => throw new CommandFailure(ErrorCode.NotFound, missing.Message, missing.Hint),
        ImportReading.Damaged damaged => throw new CommandFailure(ErrorCode.Failure, damaged.Message, damaged.Hint),
        _ => throw new InvalidOperationException("a reading is one of three"),
    };

    private static int Tell(
        Session session, ImportReading.Whole whole, WorkspaceFiles? files, ImportAnswer? answer)
    {
        var told = new ImportTold(whole.Batch, whole.Report, files, answer);
        session.Output.Data(ImportJson.Of(told), BatonJson.Default.ImportJson, text => ImportText.Write(text, told));
        return ExitCode.Ok;
    }

    private static async Task<ImportAnswer> TakeInAsync(Session session, IWorkStore work, ImportBatch batch)
    {
        var answer = await work.ImportAsync(batch, session.Stop);

        // Raised every time, so that a run that was cut off after the commit is made good by the next one.
        if (batch.Floor > Epoch.None)
        {
            session.Stores.Mark.Raise(session.Election, batch.Floor);
        }

        return answer;
    }
}
