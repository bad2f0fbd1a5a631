using System.CommandLine;
using System.Text.Json;
using Baton.Work;

namespace Baton.Cli;

/// <summary><c>baton task show ID</c>: everything about one task, or what an attempt's command said.</summary>
internal static class TaskShowCommand
{
    public static Verb Declare()
    {
        var id = Lookup.TaskArgument();
        var log = new Option<bool>("--log") { Description = "what the command of its last attempt said" };
        var attempt = new Option<int?>("--attempt") { Description = "with --log: of this attempt", HelpName = "N" };
        var field = new Option<string?>("--field")
        {
            Description = "the value of one field of its JSON, for scripts",
            HelpName = "F",
        };
        return new("show", "show everything about one task", session =>
            session.Get(log) && session.Has(field)
                ? throw CommandFailure.Usage("task show: --log and --field exclude each other")
            : session.Get(log) ? TaskLogView.RunAsync(session, session.Get(id)!, session.Get(attempt))
            : session.Get(field) is { } name ? FieldAsync(session, session.Get(id)!, name)
            : session.Get(attempt) is { } number
                ? throw CommandFailure.Usage($"--attempt {number} is of use with --log only", "add --log")
                : RunAsync(session, session.Get(id)!))
        { id, log, attempt, field };
    }

    private static async Task<int> RunAsync(Session session, string id)
    {
        var task = await Lookup.TaskAsync(session, id);
        var events = await session.Work.EventsAsync(new() { Subject = task.Id.Value }, session.Stop);
        var shown = TaskJson.Of(task, events);
        session.Output.Data(shown, BatonJson.Default.TaskJson, text => Write(text, shown, session.Output));
        return ExitCode.Ok;
    }

    private static async Task<int> FieldAsync(Session session, string id, string name)
    {
        var shown = JsonSerializer.SerializeToElement(
            TaskJson.Of(await Lookup.TaskAsync(session, id)), BatonJson.Default.TaskJson);
        if (!shown.TryGetProperty(name, out var value))
        {
            throw CommandFailure.Usage($"--field '{name}': a task has no such field",
                string.Join(", ", shown.EnumerateObject().Select(field => field.Name)));
        }

        session.Output.Data(value, BatonJson.Default.JsonElement, text => text.WriteLine(
            value.ValueKind == JsonValueKind.Null ? ""
            : session.Around.IsTerminal ? Plain.Text(value.ToString()) : value.ToString()));
        return ExitCode.Ok;
    }

    // Only these two make a task rest, and the last of them made it rest so long.
    private static string WhyItRests(TaskJson task)
    {
        var (failed, declined) = (EventType.TaskFailed.Name(), EventType.TaskDeclined.Name());
        return task.History.LastOrDefault(entry => entry.Event == failed || entry.Event == declined) is { } last
            ? $", because attempt {last.Attempt} {(last.Event == failed ? "failed" : "was declined")}" : "";
    }

    private static string? Span(long? milliseconds) =>
        milliseconds is { } some ? Durations.Text(TimeSpan.FromMilliseconds(some)) : null;

    internal static void Write(TextWriter text, TaskJson task, Output output)
    {
        text.WriteLine(output.Ink.Strong(Plain.Line(task.Title)));
        Field("id", task.Id);
        text.WriteLine($"{"status",-12} {output.Ink.State(task.Ready ? "ready" : task.Status)}");
        Field("priority", task.Priority);
        Field("complexity", task.Complexity);
        Field("estimated", task.EstimatedHours is { } hours ? $"{hours}h" : null);
        Field("tags", string.Join(", ", task.Tags));
        Field("depends on", string.Join(", ", task.DependsOn));
        Field("key", task.Key);
        Field("role", task.Role);
        Field("needs", string.Join(", ", task.Needs));
        Field("stall", Span(task.StallMs));
        Field("time limit", Span(task.TimeLimitMs));
        Field("max attempts", task.MaxAttempts is { } most ? $"{most}" : null);
        foreach (var check in task.Checks)
        {
            Field("check", check);
        }

        Field("declined", task.Declines switch { 0 => null, 1 => "once", var times => $"{times} times" });
        Field("created", Times.Text(task.CreatedAt) + (task.CreatedBy.Length > 0 ? $" by {task.CreatedBy}" : ""));
        Field("updated", Times.Text(task.UpdatedAt));
        Field("assigned to", task.AssignedTo);
        Field("attempt", $"{task.Attempt}");
        Field("claim", task.Claim is { } claim
            ? $"{claim.Agent}, epoch {claim.Epoch}, until {Times.Text(claim.ExpiresAt)}" : null);
        Field("not before", task.NotBefore is { } notBefore ? $"{Times.Text(notBefore)}{WhyItRests(task)}" : null);
        Field("completed", task.CompletedAt is { } completed ? Times.Text(completed) : null);
        foreach (var seen in task.Evidence)
        {
            Field("evidence", $"{seen.Command}: exit code {seen.ExitCode} at {Times.Text(seen.At)}, "
                + $"{seen.OutputBytes} bytes, sha256 {seen.OutputSha256[..12]}…");
        }

        Field("issue", task.GithubIssue is { } issue ? $"#{issue.Number} {issue.Url}" : null);
        Field("branch", task.Branch);
        Field("quality", task.QualityScore is { } score ? $"{score} {task.QualityNotes}" : null);
        Field("spec", task.SpecFile);
        if (task.Description.Length > 0)
        {
            text.WriteLine();
            text.WriteLine(Plain.Text(task.Description));
        }

        if (task.Notes.Count > 0)
        {
            text.WriteLine();
            foreach (var note in task.Notes)
            {
                text.WriteLine($"{Times.Text(note.At)}  {Plain.Line(note.Text)}");
            }
        }

        text.WriteLine();
        var table = new Table("AT", "EVENT", "EPOCH", "ATTEMPT", "ACTOR");
        foreach (var entry in task.History)
        {
            table.Add(Times.Text(entry.At), entry.Event, $"{entry.Epoch}", $"{entry.Attempt}", entry.Actor);
        }

        table.Write(text, output);

        void Field(string name, string? value)
        {
            if (!string.IsNullOrEmpty(value))
            {
                text.WriteLine($"{name,-12} {Plain.Line(value)}");
            }
        }
    }
}
