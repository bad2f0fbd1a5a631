namespace Baton.Cli.Tests;

/// <summary>The verbs on tasks, by their exit codes.</summary>
public sealed class TaskTests
{
    [Fact]
    public async Task A_claim_is_the_claimants_alone()
    {
        var stage = new Stage();
        var id = await stage.CreateAsync("--title", "one");
        var claimed = await stage.PlayAsync("task", "claim", id, "--agent", "a", "--json");
        var token = Stage.TokenIn(claimed);

        Assert.Equal(ExitCode.Conflict, (await stage.PlayAsync("task", "claim", id, "--agent", "b")).Exit);
        Assert.Equal(ExitCode.Fenced, (await stage.PlayAsync("task", "complete", id, "--claim", "1-nonsense")).Exit);
        Assert.Equal(ExitCode.Fenced, (await stage.PlayAsync("task", "complete", id, "--claim", "nonsense")).Exit);
        Assert.Equal(ExitCode.Usage, (await stage.PlayAsync("task", "complete", id)).Exit);
        Assert.Equal(ExitCode.Ok, (await stage.PlayAsync("task", "heartbeat", id, "--claim", token)).Exit);
        Assert.Equal(ExitCode.Ok,
            (await stage.PlayAsync("task", "progress", id, "--claim", token, "--note", "half")).Exit);
        Assert.Equal(ExitCode.Ok, (await stage.PlayAsync("task", "complete", id, "--claim", token)).Exit);
        Assert.Equal(ExitCode.Conflict, (await stage.PlayAsync("task", "complete", id, "--claim", token)).Exit);
        Assert.Equal(ExitCode.Conflict, (await stage.PlayAsync("task", "cancel", id)).Exit);
        Assert.Equal(ExitCode.NothingReady, (await stage.PlayAsync("task", "claim", "--next", "--agent", "a")).Exit);
    }

    [Fact]
    public async Task The_environment_of_a_command_speaks_for_its_claim()
    {
        var stage = new Stage();
        var id = await stage.CreateAsync("--title", "one");
        stage.Variables["BATON_AGENT_ID"] = "a";
        var claimed = await stage.PlayAsync("task", "claim", "--next", "--json");
        stage.Variables["BATON_CLAIM"] = Stage.TokenIn(claimed);

        Assert.Equal(ExitCode.Ok, (await stage.PlayAsync("task", "release", id, "--reason", "not mine")).Exit);
    }

    [Fact]
    public async Task A_file_is_taken_whole_or_not_at_all()
    {
        var stage = new Stage
        {
            Input = "{\"title\":\"a\",\"key\":\"k\"}\n\n{\"title\":\"b\",\"depends_on\":[\"k\"]}\n",
        };
        var played = await stage.PlayAsync("task", "create", "--file", "-", "--json");
        Assert.Equal(ExitCode.Ok, played.Exit);
        Assert.Equal(2, (await stage.PlayAsync("task", "list")).Out.Split('\n')
            .Count(line => line.StartsWith("task_", StringComparison.Ordinal)));

        foreach (var (line, what) in new[]
        {
            ("{\"titel\":\"c\"}", "there is no field 'titel'"),
            ("{\"title\":7}", "'title' has the wrong type"),
            ("[1]", "it is not a JSON object"),
            ("{\"title\":\"c\"", "not valid JSON"),
            ("{\"priority\":\"high\"}", "the title is missing"),
            ("{\"title\":\"c\",\"priority\":\"huge\"}", "priority 'huge' is none of critical, high, medium, low"),
            ("{\"title\":\"c\\u001b[31m\"}", "control character"),
            ("null", "null is no task"),
        })
        {
            stage.Input = "{\"title\":\"good\"}\n" + line + "\n";
            played = await stage.PlayAsync("task", "create", "--file", "-");
            Assert.Equal(ExitCode.Usage, played.Exit);
            Assert.Contains("standard input:2: ", played.Error, StringComparison.Ordinal);
            Assert.Contains(what, played.Error, StringComparison.Ordinal);
        }

        stage.Input = "{\"title\":\"good\"}\n{\"title\":\"c\",\"depends_on\":[\"nobody\"]}\n";
        played = await stage.PlayAsync("task", "create", "--file", "-");
        Assert.Equal(ExitCode.NotFound, played.Exit);
        Assert.Contains("standard input:2: ", played.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("good", (await stage.PlayAsync("task", "list")).Out, StringComparison.Ordinal);
        Assert.Equal(new(ExitCode.NotFound, "", "baton: there is no file /no/such/file\n"),
            await stage.PlayAsync("task", "create", "--file", "/no/such/file"));
        Assert.Equal(new(ExitCode.Failure, "",
            "baton: / is a folder, not a file\nhint: name a file, or - for standard input\n"),
            await stage.PlayAsync("task", "create", "--file", "/"));
    }

    [Fact]
    public async Task The_same_key_is_one_task()
    {
        var stage = new Stage();
        var once = await stage.CreateAsync("--title", "one", "--key", "k");
        Assert.Equal(once, await stage.CreateAsync("--title", "one", "--key", "k"));
    }

    [Fact]
    public async Task An_id_may_be_shortened_while_it_is_clear()
    {
        var stage = new Stage();
        var first = await stage.CreateAsync("--title", "one");
        stage.Clock.Advance(TimeSpan.FromSeconds(1000));
        await stage.CreateAsync("--title", "two");

        Assert.Equal(ExitCode.Ok, (await stage.PlayAsync("task", "show", first[..14])).Exit);
        var ambiguous = await stage.PlayAsync("task", "show", "task_");
        Assert.Equal(ExitCode.Usage, ambiguous.Exit);
        Assert.Contains(first, ambiguous.Error, StringComparison.Ordinal);
        Assert.Equal(ExitCode.NotFound, (await stage.PlayAsync("task", "show", "../etc")).Exit);
    }

    [Fact]
    public async Task Dependencies_form_no_cycle()
    {
        var stage = new Stage();
        var first = await stage.CreateAsync("--title", "one");
        var second = await stage.CreateAsync("--title", "two", "--depends-on", first);

        Assert.Equal(ExitCode.Conflict, (await stage.PlayAsync("task", "dep", "add", first, second)).Exit);
        Assert.Equal(ExitCode.Ok, (await stage.PlayAsync("task", "dep", "rm", second, first)).Exit);
        Assert.Equal(ExitCode.Ok, (await stage.PlayAsync("task", "dep", "add", first, second)).Exit);
    }

    [Fact]
    public async Task What_waits_says_for_what()
    {
        var stage = new Stage();
        var done = await stage.CreateAsync("--title", "done");
        var open = await stage.CreateAsync("--title", "open");
        var waits = await stage.CreateAsync("--title", "waits", "--depends-on", $"{done},{open}");
        string[] claim = ["--claim", Stage.TokenIn(await stage.PlayAsync("task", "claim", done, "--agent", "a", "--json"))];
        await stage.PlayAsync(["task", "complete", done, .. claim]);

        var refused = await stage.PlayAsync("task", "claim", waits, "--agent", "b");
        Assert.Equal(ExitCode.Conflict, refused.Exit);
        Assert.StartsWith($"baton: {waits} waits for {open}\n", refused.Error, StringComparison.Ordinal);
        claim = ["--claim", Stage.TokenIn(await stage.PlayAsync("task", "claim", open, "--agent", "a", "--json"))];
        Assert.Equal($"{open} ready, rests until 2026-01-02 03:04:06Z\n",
            (await stage.PlayAsync(["task", "fail", open, .. claim, "--reason", "broke"])).Out);
        Assert.Contains("not before   2026-01-02 03:04:06Z, because attempt 1 failed\n",
            (await stage.PlayAsync("task", "show", open)).Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Waiting_ends_when_the_task_stands_there_or_never_will()
    {
        var stage = new Stage();
        var id = await stage.CreateAsync("--title", "one");
        var waiting = stage.PlayAsync("task", "wait", id, "--for", "cancelled");
        Assert.False(waiting.IsCompleted);

        Assert.Equal(ExitCode.Ok, (await stage.PlayAsync("task", "cancel", id)).Exit);

        Assert.Equal(ExitCode.Ok, (await waiting).Exit);
        Assert.Equal(ExitCode.Conflict, (await stage.PlayAsync("task", "wait", id, "--for", "completed")).Exit);
    }

    [Fact]
    public async Task What_users_wrote_can_not_command_the_terminal()
    {
        var stage = new Stage();
        var id = await stage.CreateAsync("--title", "one");
        await stage.PlayAsync("task", "note", id, "\e[2Jgone\r\nnext [red]line[/]");

        var shown = await stage.PlayAsync("task", "show", id);

        Assert.DoesNotContain("\e", shown.Out, StringComparison.Ordinal);
        Assert.Contains("\\x1b[2Jgone  next [red]line[/]", shown.Out, StringComparison.Ordinal);
    }
}
