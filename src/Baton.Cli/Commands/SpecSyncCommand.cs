using System.CommandLine;
using Baton.Work;

namespace Baton.Cli;

/// <summary><c>baton spec sync</c>: refreshes what the store knows better, and leaves the rest.</summary>
internal static class SpecSyncCommand
{
    public static Verb Declare()
    {
        var ids = new IdArgument<string[]>("ID", IdKind.Task)
        {
            Description = "tasks, by id or the beginning of it; none: all that have a spec",
            Arity = ArgumentArity.ZeroOrMore,
        };
        return new("sync", "refresh header, notes and history from the store; leave what a person wrote",
            session => RunAsync(session, session.Get(ids) ?? [])) { ids };
    }

    private static async Task<int> RunAsync(Session session, string[] ids)
    {
        var desk = SpecDesk.Of(session);
        using var held = desk.Lock();
        var tasks = new List<DurableTask>();
        foreach (var id in ids)
        {
            tasks.Add(await Lookup.TaskAsync(session, id));
        }

        var synced = new List<SpecFileJson>();
        foreach (var task in ids.Length > 0 ? tasks
            : (IEnumerable<DurableTask>)(await session.Work.TasksAsync(new(), session.Stop))
                .Where(task => task.SpecFile is not null))
        {
            synced.Add(await SpecDesk.OutcomeAsync(task, () => SyncAsync(session, desk, task)));
        }

        session.Output.Data([.. synced], BatonJson.Default.SpecFileJsonArray, text =>
        {
            foreach (var spec in synced.Where(spec => spec.Result != "unchanged"))
            {
                text.WriteLine(Plain.Line($"{spec.File} {spec.Result}{(spec.Message is { } why ? $": {why}" : "")}"));
            }

            text.WriteLine(string.Join(", ", synced.GroupBy(spec => spec.Result).OrderBy(group => group.Key,
                StringComparer.Ordinal).Select(group => $"{group.Count()} {group.Key}").DefaultIfEmpty("no specs")));
        });
        return synced.Exists(spec => spec.Result is "unreadable" or "failed" || (ids.Length > 0 && spec.Result == "missing"))
            ? ExitCode.Failure : ExitCode.Ok;
    }

    private static async Task<SpecFileJson> SyncAsync(Session session, SpecDesk desk, DurableTask task)
    {
        var file = task.SpecFile ?? SpecNames.PathOf(task);
        var now = session.Around.Clock.GetUtcNow();
        var events = await session.Work.EventsAsync(new() { Subject = task.Id.Value }, session.Stop);
        var outcome = new SpecFileJson(task.Id.Value, file, "unchanged", null, null);
        if (desk.Read(file) is null)
        {
            return outcome with { Result = "missing", Message = $"baton spec generate {task.Id} writes it" };
        }

        desk.Change(file, text =>
        {
            if (text is null || SpecReader.Read(text, now).Spec is not { } spec || spec.Task.Id != task.Id)
            {
                outcome = outcome with
                {
                    Result = "unreadable", Message = $"it does not describe {task.Id}; it stays as it is",
                };
                return null;
            }

            var fresh = SpecSync.Refresh(text, SpecDraft.Of(task, events, now));
            outcome = outcome with { Result = fresh == text ? "unchanged" : "updated", Message = null };
            return fresh == text ? null : fresh;
        });
        return outcome;
    }
}
