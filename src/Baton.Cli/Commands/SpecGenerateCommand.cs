using System.CommandLine;
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
        var there = desk.Read(file);
        if (there is not null && !SpecWriter.IsUntouched(there) && !force)
        {
            throw new CommandFailure(ErrorCode.Conflict, $"{file} was written or edited by hand",
                $"baton spec sync {task.Id} refreshes it and keeps what was written; --force overwrites it and keeps a copy");
        }

        var written = await WriteAsync(session, desk, task, file, there);
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
            var file = FileOf(desk, task, session);
            var there = desk.Read(file);
            if (there is null || task.SpecFile is null)
            {
                // A spec that somebody put there stays as it is; the task only learns of it.
                written.Add(there is null ? await WriteAsync(session, desk, task, file, null)
                    : new(task.Id.Value, file, "adopted", null, null));
                await NameAsync(session, task, file);
            }

            listed.Add((file, task.Title));
        }

        desk.List(listed);

        session.Output.Data([.. written], BatonJson.Default.SpecFileJsonArray, text =>
        {
            foreach (var spec in written)
            {
                text.WriteLine(Plain.Line($"{spec.File} {spec.Result}"));
            }

            text.WriteLine($"{written.Count(spec => spec.Result == "written")} written, "
                + $"{written.Count(spec => spec.Result == "adopted")} adopted");
        });
        return ExitCode.Ok;
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
        Session session, SpecDesk desk, DurableTask task, string file, string? there)
    {
        var now = session.Around.Clock.GetUtcNow();
        var events = await session.Work.EventsAsync(new() { Subject = task.Id.Value }, session.Stop);
        var isOurs = there is not null && SpecWriter.IsUntouched(there);
        var generatedAt = isOurs ? SpecReader.GeneratedAt(there!) ?? now : now;
        var text = SpecWriter.Write(SpecDraft.Of(task, events, generatedAt));
        if (text == there)
        {
            return new(task.Id.Value, file, "unchanged", null, null);
        }

        var backup = there is null || isOurs ? null : desk.Keep(file);
        desk.Write(file, text);
        return new(task.Id.Value, file, "written", backup, null);
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
