using Baton.Work;

namespace Baton.Cli.Tests;

/// <summary>What workers offer and tasks demand, as it is typed and shown.</summary>
public sealed class WorkerFaceTests
{
    private readonly Stage _stage = new();

    [Fact]
    public async Task Only_who_can_do_what_a_task_needs_gets_it()
    {
        var id = await _stage.CreateAsync("--title", "one", "--needs", "gpu, net", "--role", "review");
        var refused = await _stage.PlayAsync("task", "claim", id, "--agent", "a", "--role", "review", "--can", "gpu");
        Assert.Equal(ExitCode.Conflict, refused.Exit);
        Assert.Contains("needs 'net'", refused.Error, StringComparison.Ordinal);
        Assert.Equal(ExitCode.NothingReady,
            (await _stage.PlayAsync("task", "claim", "--next", "--agent", "a", "--can", "gpu,net")).Exit);

        _stage.Variables["BATON_ROLE"] = "review";
        _stage.Variables["BATON_CAN"] = "net,gpu,disk";
        Assert.Equal(ExitCode.NothingReady,
            (await _stage.PlayAsync("task", "claim", "--next", "--agent", "a", "--role", "build")).Exit);
        Assert.Equal(ExitCode.Ok, (await _stage.PlayAsync("task", "claim", "--next", "--agent", "b")).Exit);
        Assert.Contains("\"can\":[\"net\",\"gpu\",\"disk\"]",
            (await _stage.PlayAsync("agent", "show", "b", "--json")).Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_declines_says_why_and_nobody_is_offered_it_for_a_while()
    {
        var id = await _stage.CreateAsync("--title", "one");
        string[] claim = ["--claim", Stage.TokenIn(await _stage.PlayAsync("task", "claim", id, "--agent", "a", "--json"))];
        Assert.Equal(ExitCode.Usage, (await _stage.PlayAsync(["task", "decline", id, .. claim])).Exit);
        Assert.Equal(ExitCode.Usage,
            (await _stage.PlayAsync(["task", "decline", id, .. claim, "--reason", "no", "--for", "2h"])).Exit);
        Assert.Equal(new(ExitCode.Ok, $"{id} ready, rests until 2026-01-02 03:14:05Z\n", ""),
            await _stage.PlayAsync(["task", "decline", id, .. claim, "--reason", "no licence", "--for", "10m"]));

        var nothing = await _stage.PlayAsync("task", "claim", "--next", "--agent", "b");
        Assert.Equal(new(ExitCode.NothingReady, "", "baton: no task is ready before 2026-01-02 03:14:05Z: until then one "
            + "rests that failed or was declined\nhint: baton task list shows the tasks, baton task show ID what one waits "
            + "for\n"), nothing);
        var shown = (await _stage.PlayAsync("task", "show", id)).Out;
        Assert.Contains("not before   2026-01-02 03:14:05Z, because attempt 1 was declined\n", shown, StringComparison.Ordinal);
        Assert.Contains("attempt 1 declined by a: no licence", shown, StringComparison.Ordinal);
        Assert.Contains("task.declined", shown, StringComparison.Ordinal);
        _stage.Clock.Advance(TimeSpan.FromMinutes(10));
        Assert.Equal(ExitCode.Ok, (await _stage.PlayAsync("task", "claim", "--next", "--agent", "b")).Exit);
    }

    [Fact]
    public async Task A_task_shows_what_it_demands()
    {
        var id = await _stage.CreateAsync("--title", "one", "--needs", "gpu,net", "--stall", "90s",
            "--time-limit", "2h", "--max-attempts", "3");
        var json = (await _stage.PlayAsync("task", "show", id, "--json")).Out;
        Assert.Contains("\"needs\":[\"gpu\",\"net\"],\"stall_ms\":90000,\"time_limit_ms\":7200000,", json,
            StringComparison.Ordinal);
        Assert.Contains("\"max_attempts\":3,\"declines\":0", json, StringComparison.Ordinal);

        _stage.Input = """{"title":"two","needs":["gpu"],"stall_ms":500,"time_limit_ms":1000,"max_attempts":1}""";
        Assert.Equal(ExitCode.Ok, (await _stage.PlayAsync("task", "create", "--file", "-")).Exit);
        foreach (var (line, what) in new[]
        {
            ("{\"title\":\"c\",\"needs\":[\"a,b\"]}", "needs: 'a,b' holds a blank or a comma"),
            ("{\"title\":\"c\",\"needs\":[\" \"]}", "needs: a word is empty"),
            ("{\"title\":\"c\",\"needs\":[\"a b\"]}", "needs: 'a b' holds a blank"),
            ("{\"title\":\"c\",\"role\":\"a b\"}", "role: 'a b' holds a blank;"),
            ("{\"title\":\"c\",\"tags\":[\"\"]}", "tags: a word is empty"),
            ("{\"title\":\"c\",\"depends_on\":[\"\"]}", "depends_on: a word is empty"),
            ("{\"title\":\"c\",\"depends_on\":[null]}", "depends_on: a word is empty"),
            ("{\"title\":\"c\",\"stall_ms\":0}", "stall_ms is"),
            ("{\"title\":\"c\",\"max_attempts\":0}", ": max_attempts 0: it is 1 to 1000"),
        })
        {
            _stage.Input = line;
            var refused = await _stage.PlayAsync("task", "create", "--file", "-");
            Assert.Equal(ExitCode.Usage, refused.Exit);
            Assert.Contains(what, refused.Error, StringComparison.Ordinal);
        }

        Assert.Equal(ExitCode.Usage, (await _stage.PlayAsync("task", "create", "--title", "t", "--stall", "0s")).Exit);
    }

    [Theory]
    [InlineData("--max-attempts 0: it is 1 to 1000", "--max-attempts", "0")]
    [InlineData("--depends-on is empty", "--depends-on", "")]
    [InlineData("--depends-on 'ID,': an entry is empty", "--depends-on", "ID,")]
    [InlineData("--tags is empty", "--tags", " ")]
    [InlineData("--needs is empty", "--needs", "")]
    [InlineData("--needs: 'a b' holds a blank", "--needs", "a b")]
    [InlineData("--role: 'a b' holds a blank", "--role", "a b")]
    [InlineData("--key: a word is empty", "--key", "")]
    public async Task A_demand_that_is_none_makes_no_task(string why, string option, string value)
    {
        var id = await _stage.CreateAsync("--title", "one", "--tags", "two words,b");
        var refused = await _stage.PlayAsync(
            "task", "create", "--title", "two", option, value.Replace("ID", id, StringComparison.Ordinal));
        Assert.Equal((ExitCode.Usage, ""), (refused.Exit, refused.Out));
        Assert.StartsWith($"baton: {why.Replace("ID", id, StringComparison.Ordinal)}", refused.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("two\n", (await _stage.PlayAsync("task", "list")).Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--role 'a b'", "agent", "register", "x", "--role", "a b")]
    [InlineData("--can is empty", "agent", "register", "x", "--can", "")]
    [InlineData("--can 'a b'", "task", "claim", "--next", "--agent", "x", "--can", "net,a b")]
    public async Task What_an_agent_offers_is_one_word_each(string why, params string[] args)
    {
        var refused = await _stage.PlayAsync(args);
        Assert.Equal(ExitCode.Usage, refused.Exit);
        Assert.StartsWith($"baton: {why}", refused.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_field_can_be_had_as_it_is()
    {
        var id = await _stage.CreateAsync("--title", "one", "--description", "first\nsecond", "--tags", "a,b");
        Assert.Equal("first\nsecond\n", (await _stage.PlayAsync("task", "show", id, "--field", "description")).Out);
        Assert.Equal("[\"a\",\"b\"]\n", (await _stage.PlayAsync("task", "show", id, "--field", "tags")).Out);
        Assert.Equal("\n", (await _stage.PlayAsync("task", "show", id, "--field", "assigned_to")).Out);
        Assert.Equal("{\"schema_version\":1,\"data\":\"one\"}\n",
            (await _stage.PlayAsync("task", "show", id, "--field", "title", "--json")).Out);
        var refused = await _stage.PlayAsync("task", "show", id, "--field", "titel");
        Assert.Equal(ExitCode.Usage, refused.Exit);
        Assert.Contains("title, description", refused.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_not_kept_is_not_found()
    {
        var id = await _stage.CreateAsync("--title", "one");
        Assert.Equal(ExitCode.NotFound, (await _stage.PlayAsync("task", "show", id, "--log")).Exit);
        Assert.Equal(ExitCode.NotFound, (await _stage.PlayAsync("task", "show", id, "--log", "--attempt", "2")).Exit);
        Assert.Equal(ExitCode.Usage, (await _stage.PlayAsync("task", "show", id, "--attempt", "2")).Exit);
    }

    [Fact]
    public async Task An_older_attempt_is_never_shown_as_the_last()
    {
        using var folder = new TemporaryFolder();
        _stage.Variables["BATON_STORE"] = $"sqlite:{folder.Path}/baton.db";
        var id = await _stage.CreateAsync("--title", "one");
        Directory.CreateDirectory(folder.PathOf($"log/{id}"));
        File.WriteAllText(folder.PathOf($"log/{id}/1.log"), "first\n");
        await ClaimAsync();
        Assert.Equal(new(0, "first\n", ""), await _stage.PlayAsync("task", "show", id, "--log"));
        await _stage.PlayAsync("task", "requeue", id);
        await ClaimAsync();

        const string remark = "this is attempt 1; of attempt 2, the last, nothing is kept on this host\n";
        Assert.Equal(new(0, "first\n", remark), await _stage.PlayAsync("task", "show", id, "--log"));
        Assert.Equal(new(0, "first\n", ""), await _stage.PlayAsync("task", "show", id, "--log", "--attempt", "1"));
        var both = await _stage.PlayAsync("task", "show", id, "--log", "--field", "title");
        Assert.Equal(ExitCode.Usage, both.Exit);
        Assert.Contains("--log and --field exclude each other", both.Error, StringComparison.Ordinal);

        async Task ClaimAsync() =>
            Assert.Equal(0, (await _stage.PlayAsync("task", "claim", id, "--agent", "a")).Exit);
    }

    [Theory]
    [InlineData("sh work.sh", "worker", 2, null, "", "sh work.sh")]
    [InlineData("[ -f x ] && sh work.sh", "worker", 2, null, "", "[ -f x ] && sh work.sh")]
    [InlineData("[role=review] sh r.sh", "worker-review", 2, "review", "", "sh r.sh")]
    [InlineData("[count=5 can=gpu,net role=a/b] x [y]", "worker-a_b", 5, "a/b", "gpu,net", "x [y]")]
    public void A_worker_says_what_it_offers(
        string text, string name, int count, string? role, string can, string command)
    {
        var kind = Assert.Single(WorkerGroups.Parse([text], 2, Skills.None));
        Assert.Equal((name, count, role, can, command),
            (kind.Name, kind.Count, kind.Skills.Role, string.Join(',', kind.Skills.Can), kind.Command));
    }

    [Fact]
    public void Workers_of_one_role_are_told_apart()
    {
        var kinds = WorkerGroups.Parse(["[role=a can=x] c", "[role=a] d", "e"], 1, new(null, ["net"]));
        Assert.Equal(["worker-a", "worker-a-2", "worker"], kinds.Select(kind => kind.Name));
        Assert.Equal(["x", "net", "net"], kinds.Select(kind => string.Join(',', kind.Skills.Can)));
    }

    [Theory]
    [InlineData("[role=a sh work.sh", "']' is missing")]
    [InlineData("[role=a]", "there is no command")]
    [InlineData("[rôle=a] x", "'rôle=a' is none of")]
    [InlineData("[count=many] x", "'count=many' is none of")]
    [InlineData("[count=65] x", "'count=65' is none of")]
    [InlineData("  ", "there is no command")]
    public async Task A_worker_that_can_not_be_understood_is_refused(string text, string why)
    {
        var refused = await _stage.PlayAsync("up", "--worker", text);
        Playground.Refuses(refused with { Error = refused.Error.TrimEnd('\n') }, ExitCode.Usage, why);
    }

    [Theory]
    [InlineData("--stall", "0s", "leaves no time")]
    [InlineData("--time-limit", "0ms", "leaves no time")]
    [InlineData("--log-size", "1MB", "'1MB' is no size")]
    [InlineData("--log-size", "2GiB", "'2GiB' is no size")]
    [InlineData("--can", "a\u0007", "control character")]
    public async Task A_limit_that_makes_no_sense_is_refused(string option, string value, string why)
    {
        var refused = await _stage.PlayAsync("run", option, value, "--", "true");
        Assert.Equal(ExitCode.Usage, refused.Exit);
        Assert.Contains(why, refused.Error, StringComparison.Ordinal);
    }
}
