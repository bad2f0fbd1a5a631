using System.Text.Json;

namespace Baton.Cli.Tests;

/// <summary><c>task complete --check</c>: what shows that the work is done.</summary>
public sealed class TaskCheckTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly Stage _stage;

    public TaskCheckTests() => _stage = new() { Folder = _folder.Path };

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_checks_of_the_task_and_those_typed_are_bound_to_the_completion()
    {
        var id = await _stage.CreateAsync("--title", "Mend the roof", "--check", "echo tight; echo dry >&2");
        var token = await ClaimAsync(id);
        Golden.Check("check-complete", await _stage.PlayAsync("task", "complete", id, "--claim", token,
            "--summary", "done", "--check", "test -d .", "--check", "echo tight; echo dry >&2"));
        Golden.Check("check-show", await _stage.PlayAsync("task", "show", id));
        Golden.Check("check-show-json", await _stage.PlayAsync("task", "show", id, "--json"));
        Golden.Check("check-event", await _stage.PlayAsync("events", "--type", "task.completed", "--json"));
        Golden.Check("check-assess", await _stage.PlayAsync("quality", "assess", id, "--from-evidence"));
    }

    [Fact]
    public async Task One_that_fails_leaves_task_and_claim_as_they_are()
    {
        var ran = _folder.PathOf("ran");
        var id = await _stage.CreateAsync("--title", "one", "--check", "echo leaks; exit 3", "--check", $"touch '{ran}'");
        var token = await ClaimAsync(id);
        Golden.Check("check-failed", await _stage.PlayAsync("task", "complete", id, "--claim", token));
        Golden.Check("check-failed-json", await _stage.PlayAsync("task", "complete", id, "--claim", token, "--json", "-q"));
        Assert.False(File.Exists(ran));
        Assert.Equal(ExitCode.Ok, (await _stage.PlayAsync("task", "heartbeat", id, "--claim", token)).Exit);
        Assert.Equal(ExitCode.Ok, (await _stage.PlayAsync("task", "fail", id, "--claim", token)).Exit);
    }

    [Fact]
    public async Task Whoever_holds_no_claim_runs_none()
    {
        var ran = _folder.PathOf("ran");
        var id = await _stage.CreateAsync("--title", "one", "--check", $"touch '{ran}'");
        await ClaimAsync(id);
        Assert.Equal(ExitCode.Fenced, (await _stage.PlayAsync("task", "complete", id, "--claim", "1-other")).Exit);
        Assert.False(File.Exists(ran));
    }

    [Fact]
    public async Task A_check_knows_its_task_and_works_where_it_was_typed()
    {
        var id = await _stage.CreateAsync("--title", "one");
        var token = await ClaimAsync(id);
        var done = await _stage.PlayAsync("task", "complete", id, "--claim", token, "--json",
            "--check", "echo $BATON_TASK_ID $BATON_ATTEMPT $BATON_CLAIM; pwd; echo $BATON_STORE $BATON_LEASES $BATON_ELECTION",
            "--election", "night");
        Assert.Equal(ExitCode.Ok, done.Exit);
        using var json = JsonDocument.Parse(done.Out);
        var evidence = Assert.Single(json.RootElement.GetProperty("data").GetProperty("evidence").EnumerateArray());
        Assert.Equal([$"{id} 1 {token}", _folder.Path, "sqlite:/stage/baton.db store night"],
            evidence.GetProperty("output_tail").EnumerateArray().Select(line => line.GetString()));
        // Data is data: what checks say goes to standard error.
        Assert.Contains($"{id} 1 {token}\n", done.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(" ", "a check is empty")]
    [InlineData("a\0b", "a check holds a NUL")]
    public async Task What_is_no_command_is_refused(string check, string why)
    {
        var created = await _stage.PlayAsync("task", "create", "--title", "one", "--check", check);
        Assert.Equal((ExitCode.Usage, ""), (created.Exit, created.Out));
        Assert.Contains(why, created.Error, StringComparison.Ordinal);
        var id = await _stage.CreateAsync("--title", "one");
        var completed = await _stage.PlayAsync("task", "complete", id, "--claim", "1-a", "--check", check);
        Assert.Equal((ExitCode.Usage, ""), (completed.Exit, completed.Out));
        Assert.Contains(why, completed.Error, StringComparison.Ordinal);
    }

    private async Task<string> ClaimAsync(string id) =>
        Stage.TokenIn(await _stage.PlayAsync("task", "claim", id, "--agent", "bob", "--json"));
}
