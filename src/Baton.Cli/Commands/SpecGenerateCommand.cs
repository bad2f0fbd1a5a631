using System.CommandLine;
using System.Text;
using Baton.Work;

namespace Baton.Cli;

/// <summary><c>baton spec generate</c> and <c>backfill</c>: write specs, and never over what a person wrote.</summary>
internal static class SpecGenerateCommand
{
    public static Verb Declare()
    {
        var id = Lookup.TaskArgument();
        var force = new Option<bool>("--force")
        {
            Description = "overwrite a spec that was written or edited by hand; a copy is kept beside it",
        };
        return new("generate", "write a task's spec and list it in the index",
            session => RunAsync(session, session.Get(id)!, session.Get(force))) { id, force };
    }

    public static Verb DeclareBackfill() =>
        new("backfill", "write the specs of all tasks that have none", BackfillAsync);

    private static async Task<int> RunAsync(Session session, string id, bool force)
    {
        var task = await Lookup.TaskAsync(session, id);
        var desk = SpecDesk.Of(session);
        using var held = desk.Lock();
        var file = FileOf(desk, task, session);
        var written = await WriteAsync(session, desk, task, file, there =>
        {
            if (there is not null && !SpecWriter.IsUntouched(there) && !force)
            {
                throw new CommandFailure(ErrorCode.Conflict, $"{file} was written or edited by hand",
                    $"baton spec sync {task.Id} refreshes it and keeps what was written; --force overwrites it and keeps a copy");
            }

            return true;
        });
        desk.List([(file, task.Title)]);
        await NameAsync(session, task, file);
        session.Output.Data(written, BatonJson.Default.SpecFileJson, text =>
        {
            text.WriteLine(Plain.Line($"{written.File} {written.Result}"));
            if (written.Backup is { } backup)
            {
                text.WriteLine(Plain.Line($"{backup} keeps what stood there"));
            }
        });
        return ExitCode.Ok;
    }

    private static async Task<int> BackfillAsync(Session session)
    {
        var desk = SpecDesk.Of(session);
        using var held = desk.Lock();
        var written = new List<SpecFileJson>();
        var listed = new List<(string, string)>();
        foreach (var task in await session.Work.TasksAsync(new(), session.Stop))
        {
            var outcome = await SpecDesk.OutcomeAsync(task, () => BackfillAsync(session, desk, task));
            if (outcome.Result != "failed")
            {
                listed.Add((outcome.File, task.Title));
            }

            written.AddRange(outcome.Result == "unchanged" ? [] : [outcome]);
        }

        desk.List(listed);

        session.Output.Data([.. written], BatonJson.Default.SpecFileJsonArray, text =>
        {
            foreach (var spec in written)
            {
                text.WriteLine(Plain.Line($"{spec.File} {spec.Result}{(spec.Message is { } why ? $": {why}" : "")}"));
            }

            text.WriteLine($"{Count("written")} written, {Count("adopted")} adopted"
                + (Count("failed") is > 0 and var failed ? $", {failed} failed" : ""));
        });
        return Count("failed") > 0 ? ExitCode.Failure : ExitCode.Ok;

        int Count(string result) => written.Count(spec => spec.Result == result);
    }

    private static async Task<SpecFileJson> BackfillAsync(Session session, SpecDesk desk, DurableTask task)
    {
        var file = FileOf(desk, task, session);
        var isNew = desk.Read(file) is null;
        if (!isNew && task.SpecFile is not null)
        {
            return new(task.Id.Value, file, "unchanged", null, null);
        }

        // A spec that somebody put there stays as it is; the task only learns of it.
        var outcome = isNew ? await WriteAsync(session, desk, task, file, there => there is null)
            : new(task.Id.Value, file, "adopted", null, null);
        await NameAsync(session, task, file);
        return outcome;
    }

    /// <summary>The file of a task: the one that it names, else by id and title, unless that is another task's.</summary>
    private static string FileOf(SpecDesk desk, DurableTask task, Session session)
    {
        if (task.SpecFile is { } named)
        {
            return named;
        }

        var file = SpecNames.PathOf(task);
        return desk.Read(file) is { } there
            && SpecReader.Read(there, session.Around.Clock.GetUtcNow()).Spec is { } other && other.Task.Id != task.Id
            ? SpecNames.OtherPathOf(task)
            : file;
    }

    private static async Task<SpecFileJson> WriteAsync(
        Session session, SpecDesk desk, DurableTask task, string file, Func<string?, bool> isWanted)
    {
        var now = session.Around.Clock.GetUtcNow();
        var events = await session.Work.EventsAsync(new() { Subject = task.Id.Value }, session.Stop);
        var outcome = new SpecFileJson(task.Id.Value, file, "unchanged", null, null);
        desk.Change(file, there =>
        {
            if (!isWanted(there))
            {
                return null;
            }

            var isOurs = there is not null && SpecWriter.IsUntouched(there);
            var generatedAt = isOurs ? SpecReader.GeneratedAt(there!) ?? now : now;
            var text = SpecWriter.Write(SpecDraft.Of(task, events, generatedAt));
            if (text == there)
            {
                return null;
            }

            if (Encoding.UTF8.GetByteCount(text) > SpecFolder.MostBytes)
            {
                throw new CommandFailure(ErrorCode.Failure,
                    $"the spec of {task.Id} would be larger than {SpecFolder.MostBytes >> 20} MiB", "it stays without one");
            }

            outcome = outcome with { Result = "written", Backup = there is null || isOurs ? null : desk.Keep(file) };
            return text;
        });
        return outcome;
    }

    private static async Task NameAsync(Session session, DurableTask task, string file)
    {
        if (task.SpecFile != file && await session.Work.EditAsync(
            task.Id, new TaskEdit.Spec(file), session.Actor, session.Stop) is ClaimAnswer.Refused refused)
        {
            throw CommandFailure.Of(refused.Refusal);
        }
    }
}
