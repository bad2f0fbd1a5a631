using System.CommandLine;
using System.Globalization;
using Baton.Work;

namespace Baton.Cli;

/// <summary><c>baton task create</c>: one task from options, or many from a file, all or nothing.</summary>
internal static class TaskCreateCommand
{
    public static Verb Declare()
    {
        var title = Text("--title", "one line", "T");
        var description = Text("--description", "what is to be done", "TEXT");
        var priority = Text("--priority", "critical, high, medium or low", "P");
        var complexity = Text("--complexity", "trivial, simple, moderate, complex or epic", "C");
        var tags = Text("--tags", "words, separated by commas", "a,b");
        var dependsOn = new IdOption("--depends-on", IdKind.Task)
        {
            Description = "ids or keys of tasks to wait for, separated by commas",
            HelpName = "ID,…",
        };
        Choices.Among(priority, Choices.Priorities);
        Choices.Among(complexity, Choices.Complexities);
        var hours = Text("--estimated-hours", "how long it may take", "H");
        var key = Text("--key", "the same key twice is one task", "K");
        var role = Text("--role", "only for agents of this role", "R");
        var needs = Text("--needs", "only for agents that can do all of this", "a,b");
        var stall = Durations.Option("--stall", "end its command when it says nothing for so long");
        var timeLimit = Durations.Option("--time-limit", "end its command when it takes longer");
        var maxAttempts = new Option<int?>("--max-attempts")
        {
            Description = "give it up once so many attempts failed or were lost (5 failed or 10 lost)",
            HelpName = "N",
        };
        var checks = new Option<string[]>("--check")
        {
            Description = "a command that must end with 0 before it is completed; may be repeated",
            HelpName = "CMD",
        };
        var file = Text("--file", "a JSON object a line; - reads standard input", "F");
        return new("create", "make tasks", session => session.Get(file) is { } path
            ? FromFileAsync(session, path, session.Get(title))
            : FromOptionsAsync(session, new NewTaskJson
            {
                Title = session.Get(title) ?? throw CommandFailure.Usage(
                    "task create: neither --title nor --file was given", "baton task create --help"),
                Description = session.Get(description),
                Priority = session.Get(priority),
                Complexity = session.Get(complexity),
                EstimatedHours = HoursOf(session.Get(hours)),
                Tags = Words("--tags", session.Get(tags)),
                DependsOn = Words("--depends-on", session.Get(dependsOn)),
                Key = session.Get(key),
                Role = session.Get(role),
                Needs = Words("--needs", session.Get(needs)),
                StallMs = Milliseconds("--stall", session.Get(stall)),
                TimeLimitMs = Milliseconds("--time-limit", session.Get(timeLimit)),
                MaxAttempts = session.Get(maxAttempts),
                Checks = session.Get(checks),
            }))
        {
            title, description, priority, complexity, tags, dependsOn, hours, key, role, needs, stall, timeLimit,
            maxAttempts, checks, file,
        };
    }

    private static Option<string?> Text(string name, string description, string helpName) =>
        new(name) { Description = description, HelpName = helpName };

    private static string[] Words(string option, string? list) =>
        list is null ? [] : SkillOptions.Entries(option, list);

    private static long? Milliseconds(string option, TimeSpan? span) =>
        (long?)LimitOptions.Positive(option, span)?.TotalMilliseconds;

    private static decimal? HoursOf(string? text) => text is null ? null
        : decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var hours)
            ? hours
            : throw CommandFailure.Usage($"--estimated-hours '{text}' is no number of hours", "write 2 or 0.5");

    private static async Task<int> FromOptionsAsync(Session session, NewTaskJson json)
    {
        var answer = await session.Work.SubmitAsync(
            [NewTasks.Check(json, session.Around.Ids.NewTask(), "")], session.Actor, session.Stop);
        if (answer is SubmitAnswer.Refused refused)
        {
            throw CommandFailure.Of(refused.Refusal);
        }

        var accepted = (SubmitAnswer.Accepted)answer;
        var task = accepted.Tasks[0];
        session.Output.Data(TaskJson.Of(task), BatonJson.Default.TaskJson, text => text.WriteLine(task.Id));
        if (accepted.Created == 0)
        {
            session.Output.Remark($"the key '{json.Key}' is this task's already; nothing was made");
        }

        return ExitCode.Ok;
    }

    private static async Task<int> FromFileAsync(Session session, string path, string? title)
    {
        if (title is not null)
        {
            throw CommandFailure.Usage("task create: --title and --file exclude each other");
        }

        var lines = await NewTasks.ReadAsync(session.Around, path, session.Stop);
        if (lines.IsEmpty)
        {
            session.Output.Data([], BatonJson.Default.TaskJsonArray, _ => session.Output.Remark("no tasks"));
            return ExitCode.Ok;
        }

        var answer = await session.Work.SubmitAsync(
            [.. lines.Select(line => line.Task)], session.Actor, session.Stop);
        if (answer is SubmitAnswer.Refused refused)
        {
            throw new CommandFailure(ErrorTable.CodeOf(refused.Refusal.Kind),
                $"{lines[refused.Index].Where}: {refused.Refusal.Message}; no task was made");
        }

        var accepted = (SubmitAnswer.Accepted)answer;
        session.Output.Data([.. accepted.Tasks.Select(task => TaskJson.Of(task))],
            BatonJson.Default.TaskJsonArray, text =>
            {
                foreach (var task in accepted.Tasks)
                {
                    text.WriteLine(task.Id);
                }
            });
        session.Output.Remark($"{accepted.Created} made, {accepted.Tasks.Length - accepted.Created} there already");
        return ExitCode.Ok;
    }
}
