using System.CommandLine;
using Baton.Work;

namespace Baton.Cli;

/// <summary><c>baton spec …</c>: tasks as Markdown for people.</summary>
internal static class SpecCommands
{
    public static Command Declare()
    {
        var spec = new Command("spec", "a task's spec in Markdown, under docs/specs");
        foreach (var command in (Command[])
        [
            SpecGenerateCommand.Declare(), SpecGenerateCommand.DeclareBackfill(), Show(), Parse(),
            SpecSyncCommand.Declare(), SpecLintCommand.Declare(),
        ])
        {
            spec.Add(command);
        }

        return spec;
    }

    private static Verb Show()
    {
        var id = Lookup.TaskArgument();
        return new("show", "print a task's spec", async session =>
        {
            var task = await Lookup.TaskAsync(session, session.Get(id)!);
            var file = task.SpecFile ?? SpecNames.PathOf(task);
            var text = SpecDesk.Of(session).Read(file) ?? throw new CommandFailure(ErrorCode.NotFound,
                $"{task.Id} has no spec {file}", $"baton spec generate {task.Id}");
            session.Output.Data(new(task.Id.Value, file, text), BatonJson.Default.SpecTextJson,
                writer => writer.Write(Plain.Text(text)));
            return ExitCode.Ok;
        })
        { id };
    }

    private static Verb Parse()
    {
        var file = new Argument<string>("FILE") { Description = "a spec" };
        return new("parse", "print the task that a spec describes; changes nothing",
            session => Task.FromResult(RunParse(session, session.Get(file)!))) { file };
    }

    private static int RunParse(Session session, string file)
    {
        if (string.IsNullOrWhiteSpace(file))
        {
            throw CommandFailure.Usage("spec parse: FILE is empty");
        }

        var path = Path.GetFullPath(file, session.Around.WorkingFolder);
        var text = SpecDesk.ReadAt(path, file)
            ?? throw new CommandFailure(ErrorCode.NotFound, $"there is no file {file}");
        var reading = SpecReader.Read(text, session.Around.Clock.GetUtcNow());
        if (reading.Spec is not { } spec)
        {
            var finding = reading.Findings[0];
            throw new CommandFailure(ErrorCode.Failure, $"{file}:{finding.Line}: {finding.Message}",
                "a spec names its task below the title, as **Task ID**: `task_…`");
        }

        foreach (var finding in reading.Findings)
        {
            session.Output.Remark($"{file}:{finding.Line}: {finding.Message}");
        }

        var shown = TaskJson.Of(spec.Task with
        {
            SpecFile = SpecDesk.Of(session).Below(path),
            OpenDependencies = spec.Task.DependsOn.Length,
        }) with
        {
            Sections = [.. spec.Sections.Select(SpecSectionJson.Of)],
            History = [.. spec.History.Select(row => (At: SpecReader.TimeOf(row), row.Event))
                .Where(row => row.At is not null)
                .Select(row => new HistoryJson(row.At!.Value, row.Event, null, null, null))],
        };
        session.Output.Data(shown, BatonJson.Default.TaskJson, writer =>
        {
            TaskShowCommand.Write(writer, shown, session.Output);
            foreach (var section in shown.Sections)
            {
                // The history is a table; all else is read as lists.
                writer.WriteLine($"{file}:{section.Line}: {Plain.Line(section.Name)}, " + (TaskSpec.IsHistory(section.Name)
                    ? Plain.Count(spec.History.Length, "rows") : Plain.Count(section.Items.Count, "items")));
            }
        });
        return ExitCode.Ok;
    }
}
