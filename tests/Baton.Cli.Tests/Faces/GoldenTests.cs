namespace Baton.Cli.Tests;

/// <summary>The faces by their output, over one busy stage.</summary>
public sealed class GoldenTests
{
    [Theory]
    [InlineData("status", "status")]
    [InlineData("status-json", "status", "--json")]
    [InlineData("leader", "leader")]
    [InlineData("leader-json", "leader", "show", "--json")]
    [InlineData("history", "leader", "history")]
    [InlineData("history-json", "leader", "history", "--json")]
    [InlineData("agents", "agent", "list")]
    [InlineData("agents-json", "agent", "list", "--json")]
    [InlineData("agent-show", "agent", "show", "bob")]
    [InlineData("tasks", "task", "list")]
    [InlineData("tasks-completed-json", "task", "list", "--status", "completed", "--json")]
    [InlineData("task-show", "task", "show", "task_1767323048000_1")]
    [InlineData("events", "events")]
    [InlineData("events-json", "events", "--json", "--limit", "4")]
    [InlineData("monitor", "monitor", "--once")]
    [InlineData("monitor-agents", "monitor", "--once", "--view", "agents")]
    [InlineData("monitor-json", "monitor", "--once", "--json")]
    [InlineData("cleanup-dry", "cleanup", "--dry-run")]
    [InlineData("config", "config", "show")]
    [InlineData("ready", "task", "ready")]
    public async Task Busy(string name, params string[] args)
    {
        var stage = await Stage.BusyAsync();
        Golden.Check(name, await stage.PlayAsync(args));
    }

    [Theory]
    [InlineData("empty-status", "status")]
    [InlineData("empty-status-json", "status", "--json")]
    [InlineData("empty-monitor", "monitor", "--once")]
    [InlineData("empty-tasks-json", "task", "list", "--json")]
    [InlineData("empty-leader", "leader", "show")]
    [InlineData("empty-leader-json", "leader", "show", "--json")]
    [InlineData("empty-resign", "leader", "resign")]
    [InlineData("empty-cleanup-json", "cleanup", "--json")]
    [InlineData("error-option", "task", "list", "--staus", "x")]
    [InlineData("error-command-json", "taks", "list", "--json")]
    [InlineData("error-not-found-json", "task", "show", "task_9", "--json")]
    [InlineData("error-nothing-ready", "task", "claim", "--next", "--agent", "a")]
    [InlineData("error-postgres", "status", "--store", "postgres://u:secret@host/db?password=secret&color=red")]
    [InlineData("error-duration", "leader", "history", "--since", "yesterday")]
    [InlineData("error-limit", "task", "list", "--limit", "many")]
    [InlineData("error-title", "task", "create")]
    public async Task Empty(string name, params string[] args) =>
        Golden.Check(name, await new Stage().PlayAsync(args));
}
