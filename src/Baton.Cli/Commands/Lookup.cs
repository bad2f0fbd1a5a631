using System.CommandLine;
using Baton.Work;

namespace Baton.Cli;

/// <summary>Finds what a person means by the beginning of an id.</summary>
internal static class Lookup
{
    private const int MostNamed = 5;

    /// <summary>The argument that names a task.</summary>
    public static Argument<string> TaskArgument() =>
        new IdArgument<string>("ID", IdKind.Task) { Description = "a task's id, or the beginning of it" };

    /// <summary>The argument that names an agent.</summary>
    public static Argument<string> AgentArgument() =>
        new IdArgument<string>("ID", IdKind.Agent) { Description = "an agent's id, or the beginning of it" };

    /// <summary>The task whose id this is, or begins so.</summary>
    /// <exception cref="CommandFailure">There is none, or there are several.</exception>
    public static async Task<DurableTask> TaskAsync(Session session, string text)
    {
        var found = HolderId.IsWellFormed(text)
            ? await session.Work.TasksAsync(new() { IdPrefix = text }, session.Stop)
            : [];
        return One("task", text, found, task => task.Id.Value);
    }

    /// <summary>The agent whose id this is, or begins so; those that are gone come last.</summary>
    /// <exception cref="CommandFailure">There is none, or there are several.</exception>
    public static AgentView Agent(SystemStatus status, string text)
    {
        var here = status.Agents.Where(view => Begins(view)).ToList();
        return One("agent", text,
            here.Count > 0 && !status.Gone.Any(view => view.Agent.Id.Value == text)
                ? here
                : [.. here, .. status.Gone.Where(Begins)],
            view => view.Agent.Id.Value);

        bool Begins(AgentView view) => view.Agent.Id.Value.StartsWith(text, StringComparison.Ordinal);
    }

    /// <summary>The one of the found whose id this is, or begins so.</summary>
    /// <exception cref="CommandFailure">There is none, or there are several.</exception>
    public static T One<T>(string what, string text, IReadOnlyList<T> found, Func<T, string> idOf)
    {
        foreach (var item in found)
        {
            if (idOf(item) == text)
            {
                return item;
            }
        }

        if (found.Count == 1)
        {
            return found[0];
        }

        if (found.Count == 0)
        {
            throw new CommandFailure(ErrorCode.NotFound, $"there is no {what} '{text}'",
                $"baton {what} list shows what there is");
        }

        var named = string.Join(", ", found.Take(MostNamed).Select(idOf));
        var more = found.Count > MostNamed ? $" and {found.Count - MostNamed} more" : "";
        throw new CommandFailure(ErrorCode.Ambiguous, $"'{text}' fits {found.Count} {what}s: {named}{more}");
    }
}
