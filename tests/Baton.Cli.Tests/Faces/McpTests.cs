using System.Diagnostics;
using System.Text.Json;
using Baton.Tests;
using ModelContextProtocol;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace Baton.Cli.Tests;

/// <summary>The tools that agents are offered, asked by the protocol's own client.</summary>
public sealed class McpTests
{
    // Only there so that a test that waits in vain ends; no test measures anything by it.
    private static readonly TimeSpan FailSafe = TimeSpan.FromSeconds(90);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_tool_is_a_command_and_is_in_the_reference()
    {
        using var ground = await Playground.MakeAsync();
        await using var agent = await ToolClient.BeginAsync(ground);

        var tools = await agent.Client.ListToolsAsync(cancellationToken: Cancel);

        Assert.Equal(ToolCatalog.Offers.Select(offer => offer.Name), tools.Select(tool => tool.Name));
        Assert.All(tools, tool => Assert.False(string.IsNullOrWhiteSpace(tool.Description)));
        var claim = tools.Single(tool => tool.Name == ToolCatalog.Claim).JsonSchema.GetProperty("properties");
        Assert.Equal(["id"], claim.EnumerateObject().Select(property => property.Name));
        var create = tools.Single(tool => tool.Name == "task_create").JsonSchema;
        Assert.Equal(["title"], create.GetProperty("required").EnumerateArray().Select(word => word.GetString()));
        Assert.Equal(["critical", "high", "medium", "low"], create.GetProperty("properties").GetProperty("priority")
            .GetProperty("enum").EnumerateArray().Select(word => word.GetString()));
        var page = string.Join('\n', Repository.Lines("docs/reference/mcp.md"));
        Assert.Empty(tools.Where(tool => !page.Contains($"`{tool.Name}`", StringComparison.Ordinal)).Select(tool => tool.Name));
    }

    [Fact]
    public async Task A_task_goes_from_its_creation_to_its_end()
    {
        using var ground = await Playground.MakeAsync();
        await using var agent = await ToolClient.BeginAsync(ground, "mcp", "--agent", "ada", "--role", "coder");

        await agent.AskAsync("task_create", new()
        {
            ["title"] = "-v is an option", ["role"] = "coder", ["tags"] = new[] { "a", "b" },
        });
        var claimed = await agent.AskAsync("task_claim");
        var id = claimed.GetProperty("task").GetProperty("id").GetString()!;
        await agent.AskAsync("task_progress", new() { ["id"] = id, ["note"] = "half" });
        var done = await agent.AskAsync("task_complete", new()
        {
            ["id"] = id, ["summary"] = "- all of it", ["check"] = new[] { "true" },
        });

        Assert.Equal(("completed", "- all of it", "-v is an option"), (done.GetProperty("status").GetString(),
            done.GetProperty("summary").GetString(), done.GetProperty("title").GetString()));
        Assert.Equal(["a", "b"], done.GetProperty("tags").EnumerateArray().Select(tag => tag.GetString()));
        var me = (await agent.AskAsync("agent_list")).EnumerateArray().Single();
        Assert.Equal(("ada", "coder", "alive", false), (me.GetProperty("name").GetString(),
            me.GetProperty("role").GetString(), me.GetProperty("state").GetString(),
            me.GetProperty("self_reported").GetBoolean()));
        Assert.Equal(me.GetProperty("id").GetString(), done.GetProperty("assigned_to").GetString());
        Assert.Equal(agent.Process.Id, me.GetProperty("pid").GetInt32());
    }

    [Fact]
    public async Task A_claim_lasts_as_long_as_its_session_which_gives_it_back()
    {
        using var ground = await Playground.MakeAsync();
        await using var agent = await ToolClient.BeginAsync(ground);
        await agent.AskAsync("task_create", new() { ["title"] = "long" });
        var claimed = await agent.AskAsync("task_claim");
        var first = claimed.GetProperty("expires_at").GetDateTimeOffset();
        var id = claimed.GetProperty("task").GetProperty("id").GetString()!;

        // Extended by the session, not by its caller.
        await UntilAsync(ground, id, task => task.GetProperty("claim").GetProperty("expires_at").GetDateTimeOffset() > first);
        await agent.EndAsync();

        Assert.Equal(0, agent.Process.ExitCode);
        var back = await UntilAsync(ground, id, task => task.GetProperty("status").GetString() == "pending");
        Assert.Contains("its session ended", back.GetProperty("notes").ToString(), StringComparison.Ordinal);
        Assert.Equal(JsonValueKind.Null, back.GetProperty("claim").ValueKind);
    }

    [Fact]
    public async Task A_session_that_is_asked_to_end_gives_back_what_it_holds()
    {
        using var ground = await Playground.MakeAsync();
        await using var agent = await ToolClient.BeginAsync(ground);
        await agent.AskAsync("task_create", new() { ["title"] = "cut short" });
        var id = (await agent.AskAsync("task_claim")).GetProperty("task").GetProperty("id").GetString()!;

        Assert.Equal(0, SystemCalls.kill(agent.Process.Id, SystemCalls.Terminate));
        await agent.Process.WaitForExitAsync(Cancel).WaitAsync(FailSafe, BootClock.Instance, Cancel);

        Assert.Equal(0, agent.Process.ExitCode);
        await UntilAsync(ground, id, task => task.GetProperty("status").GetString() == "pending");
    }

    [Fact]
    public async Task A_lost_claim_is_told_with_the_next_answer_and_refused_ever_after()
    {
        using var ground = await Playground.MakeAsync();
        await using var agent = await ToolClient.BeginAsync(ground);
        await agent.AskAsync("task_create", new() { ["title"] = "called off" });
        var id = (await agent.AskAsync("task_claim")).GetProperty("task").GetProperty("id").GetString()!;
        Assert.Equal(ExitCode.Ok, (await ground.RunAsync("task", "cancel", id)).Exit);

        var late = await agent.CallAsync("task_complete", new() { ["id"] = id });
        Assert.True(late.IsError);
        Assert.Equal("claim_lost", late.StructuredContent!.Value.GetProperty("code").GetString());
        var told = new List<string>();
        using var safe = new CancellationTokenSource(FailSafe, BootClock.Instance);
        while (told.Count == 0)
        {
            safe.Token.ThrowIfCancellationRequested();
            var answer = await agent.CallAsync("status");
            told.AddRange(answer.Content.Skip(1).OfType<TextContentBlock>().Select(block => block.Text));
        }

        Assert.Contains(id, Assert.Single(told), StringComparison.Ordinal);
        Assert.Single((await agent.CallAsync("status")).Content);
    }

    [Fact]
    public async Task Who_acts_on_another_store_than_before_begins_another_life()
    {
        using var ground = await Playground.MakeAsync();
        await using var agent = await ToolClient.BeginAsync(ground);
        await agent.AskAsync("task_create", new() { ["title"] = "on the lost store" });
        Directory.Delete(ground.PathOf(".baton"), recursive: true);
        Assert.Equal(ExitCode.Ok, (await ground.RunAsync("init")).Exit);

        await agent.AskAsync("task_create", new() { ["title"] = "on the new one" });
        var claimed = await agent.AskAsync("task_claim");

        var me = (await agent.AskAsync("agent_list")).EnumerateArray().Single();
        Assert.Equal((false, agent.Process.Id), (me.GetProperty("self_reported").GetBoolean(), me.GetProperty("pid").GetInt32()));
        Assert.Equal(me.GetProperty("task").GetString(), claimed.GetProperty("task").GetProperty("id").GetString());
    }

    [Fact]
    public async Task Who_calls_no_tool_while_it_holds_a_task_has_stalled()
    {
        using var ground = await Playground.MakeAsync();
        await using var agent = await ToolClient.BeginAsync(ground, "mcp", "--stall", "1s");
        await agent.AskAsync("task_create", new() { ["title"] = "asleep" });
        var id = (await agent.AskAsync("task_claim")).GetProperty("task").GetProperty("id").GetString()!;

        var failed = await UntilAsync(ground, id, task => task.GetProperty("status").GetString() == "pending");

        Assert.Contains("stalled: no tool was called for 1s", failed.GetProperty("notes").ToString(), StringComparison.Ordinal);
        Assert.True((await agent.CallAsync("task_complete", new() { ["id"] = id })).IsError);
    }

    [Fact]
    public async Task Who_waits_for_a_tool_has_not_stalled()
    {
        using var ground = await Playground.MakeAsync();
        await using var agent = await ToolClient.BeginAsync(ground, "mcp", "--stall", "1s");
        await agent.AskAsync("task_create", new() { ["title"] = "checked for long" });
        var id = (await agent.AskAsync("task_claim")).GetProperty("task").GetProperty("id").GetString()!;

        // Longer than it takes until the claim is extended, and looked at, for the first time.
        var done = await agent.AskAsync("task_complete", new() { ["id"] = id, ["check"] = new[] { "sleep 5" } });

        Assert.Equal("completed", done.GetProperty("status").GetString());
    }

    [Theory]
    [InlineData("task_create", """{"titel":"x"}""", "usage", "did you mean title?")]
    [InlineData("task_create", """{"title":"x","priority":"hihg"}""", "usage", "did you mean high?")]
    [InlineData("task_create", """{}""", "usage", "title is missing")]
    [InlineData("task_wait", """{"id":"task_1"}""", "usage", "timeout is missing")]
    [InlineData("task_list", """{"limit":{"a":1}}""", "usage", "limit must be a text")]
    [InlineData("task_ready", """{"limit":"many"}""", "usage", "is no whole number")]
    [InlineData("task_show", """{"id":"task_1"}""", "not_found", "task_1")]
    [InlineData("task_progress", """{"id":"task_1","note":"x"}""", "conflict", "has claimed no task 'task_1'")]
    [InlineData("task_claim", """{"agent":"eve"}""", "usage", "unknown property 'agent'")]
    [InlineData("leader_show", """{}""", "no_leader", "nobody has led yet")]
    [InlineData("message_send", """{"text":"-","all":true}""", "usage", "empty")]
    public async Task What_a_tool_refuses_is_an_answer_that_a_model_can_read(
        string tool, string arguments, string code, string words)
    {
        using var ground = await Playground.MakeAsync();
        await using var agent = await ToolClient.BeginAsync(ground);

        var refused = await agent.CallAsync(tool, JsonSerializer.Deserialize<Dictionary<string, object?>>(arguments)!);

        Assert.True(refused.IsError);
        Assert.Equal(code, refused.StructuredContent!.Value.GetProperty("code").GetString());
        Assert.Contains(words, Assert.IsType<TextContentBlock>(Assert.Single(refused.Content)).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unknown_tool_is_a_mistake_of_the_client()
    {
        using var ground = await Playground.MakeAsync();
        await using var agent = await ToolClient.BeginAsync(ground);

        var refused = await Assert.ThrowsAsync<McpProtocolException>(() => agent.CallAsync("task_clam"));

        Assert.Equal(McpErrorCode.InvalidParams, refused.ErrorCode);
        Assert.Contains("did you mean task_claim?", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_tool_names_the_leader_that_every_face_names()
    {
        using var ground = await Playground.MakeAsync();
        await Playground.LeadOnceAsync(ground.Root);
        await using var agent = await ToolClient.BeginAsync(ground);

        var told = (await agent.AskAsync("status")).GetProperty("leader");
        var once = await ground.RunAsync("mcp", "--call", "status");

        var typed = JsonElement.Parse((await ground.RunAsync("status", "--json")).Out).GetProperty("data").GetProperty("leader");
        foreach (var leader in (JsonElement[])[told, JsonElement.Parse(once.Out).GetProperty("leader")])
        {
            Assert.Equal((typed.GetProperty("id").GetString(), 1, "released"), (leader.GetProperty("id").GetString(),
                leader.GetProperty("epoch").GetInt32(), leader.GetProperty("state").GetString()));
        }
    }

    [Theory]
    [InlineData("unknown tool 'sttus'; did you mean status?", "--call", "sttus")]
    [InlineData("--with goes with --call", "--with", "{}")]
    [InlineData("--with '[1]' is no JSON object", "--call", "status", "--with", "[1]")]
    [InlineData("--stall 0 leaves no time", "--stall", "0s")]
    [InlineData("--agent 'a b' is no name", "--agent", "a b")]
    public async Task Bad_input_is_one_line(string words, params string[] options)
    {
        using var ground = await Playground.MakeAsync();
        var played = await ground.RunAsync(["mcp", .. options]);
        Assert.Equal(ExitCode.Usage, played.Exit);
        Assert.Contains(words, played.Error, StringComparison.Ordinal);
        Assert.Empty(played.Out);
    }

    [Fact]
    public async Task Without_a_workspace_it_ends_at_once()
    {
        using var folder = new TemporaryFolder();
        var played = await Playground.RunInAsync(folder.Path, "mcp");
        Assert.Equal(ExitCode.Usage, played.Exit);
        Assert.Contains("baton init", played.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("claude-code", "claude-code")]
    [InlineData("My Client (v2)/x", "My-Client-v2-x")]
    [InlineData("...", "mcp")]
    [InlineData(null, "mcp")]
    [InlineData("baton", "mcp")]
    public void A_client_is_on_the_roster_by_what_it_calls_itself(string? client, string name) =>
        Assert.Equal(name, McpCommand.NameOf(client));

    private static async Task<JsonElement> UntilAsync(Playground ground, string id, Func<JsonElement, bool> isSo)
    {
        using var safe = new CancellationTokenSource(FailSafe, BootClock.Instance);
        while (true)
        {
            var task = JsonElement.Parse((await ground.RunAsync("task", "show", id, "--json")).Out).GetProperty("data");
            if (isSo(task))
            {
                return task;
            }

            safe.Token.ThrowIfCancellationRequested();
        }
    }

    /// <summary>The program as a client starts it, and a client that others wrote.</summary>
    private sealed class ToolClient(Process process, McpClient client) : IAsyncDisposable
    {
        public Process Process { get; } = process;

        public McpClient Client { get; } = client;

        public static async Task<ToolClient> BeginAsync(Playground ground, params string[] words)
        {
            var start = Playground.Command(ground.Root, words.Length == 0 ? ["mcp"] : [.. words]);
            var info = new ProcessStartInfo(start.Command[0], start.Command.Skip(1))
            {
                WorkingDirectory = ground.Root, RedirectStandardInput = true, RedirectStandardOutput = true,
            };
            foreach (var (name, _) in start.Environment)
            {
                info.Environment.Remove(name);
            }

            var process = Process.Start(info)!;
            return new(process, await McpClient.CreateAsync(new StreamClientTransport(
                process.StandardInput.BaseStream, process.StandardOutput.BaseStream, null), cancellationToken: Cancel));
        }

        /// <summary>Calls a tool.</summary>
        public async Task<CallToolResult> CallAsync(string tool, Dictionary<string, object?>? arguments = null) =>
            await Client.CallToolAsync(tool, arguments, cancellationToken: Cancel);

        /// <summary>Calls a tool that must not refuse, and reads its answer.</summary>
        public async Task<JsonElement> AskAsync(string tool, Dictionary<string, object?>? arguments = null)
        {
            var answer = await CallAsync(tool, arguments);
            var text = ((TextContentBlock)answer.Content[0]).Text;
            Assert.False(answer.IsError, text);
            return JsonElement.Parse(text);
        }

        /// <summary>Closes the program's input, as a client that ends.</summary>
        public async Task EndAsync()
        {
            Process.StandardInput.Close();
            await Process.WaitForExitAsync(Cancel).WaitAsync(FailSafe, BootClock.Instance, Cancel);
        }

        public async ValueTask DisposeAsync()
        {
            if (!Process.HasExited)
            {
                Process.Kill();
                await Process.WaitForExitAsync(Cancel);
            }

            await Client.DisposeAsync();
            Process.Dispose();
        }
    }
}
