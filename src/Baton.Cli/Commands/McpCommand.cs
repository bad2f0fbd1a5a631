using System.CommandLine;
using System.Text.Json;
using System.Text.RegularExpressions;
using Baton.Work;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Baton.Cli;

/// <summary><c>baton mcp</c>: offers commands to an agent as tools of the Model Context Protocol.</summary>
internal static partial class McpCommand
{
    private const string Instructions = """
        Baton keeps durable tasks for many agents and lets exactly one orchestrator lead. Take work with task_claim, tell
        how far it is with task_progress, and end it with task_complete, task_fail, task_block, task_decline or
        task_release. A claim is kept while this session lives. When an answer says that a claim is lost, stop working on
        that task: somebody else has it, and what you finish will be refused.
        """;

    private const string Nameless = "mcp";

    private static readonly TimeSpan DefaultStall = TimeSpan.FromHours(1);

    public static Verb Declare()
    {
        var agent = new Option<string?>("--agent")
        {
            Description = "the name on the roster (what the client calls itself)",
            HelpName = "ID",
        };
        var skills = new SkillOptions();
        var stall = Durations.Option("--stall", "fail a claimed task when no tool is called for so long (1h)");
        var call = new Option<string?>("--call")
        {
            Description = "serve nobody: call this tool, print its answer, and end",
            HelpName = "TOOL",
        };
        var with = new Option<string?>("--with") { Description = "what --call gives the tool", HelpName = "JSON" };
        return new("mcp", "offer tasks, messages and memory to an agent as MCP tools, on standard input and output",
            session =>
            {
                var offered = skills.Of(session);
                var order = new RunOrder([])
                {
                    Agent = session.Get(agent) is { } name
                        ? AgentDesk.Checked(name, "--agent", AgentDesk.LongestName) : "",
                    Role = offered.Role,
                    Can = offered.Can,
                    Stall = LimitOptions.Positive("--stall", session.Get(stall)) ?? DefaultStall,
                };
                return session.Get(call) is { } tool ? CallOnceAsync(session, order, tool, session.Get(with))
                    : session.Get(with) is null ? ServeAsync(session, order)
                    : throw CommandFailure.Usage("mcp: --with goes with --call", "baton mcp --help");
            })
        { agent, skills.Role, skills.Can, stall, call, with };
    }

    /// <summary>A name for the roster, made of what a client calls itself.</summary>
    public static string NameOf(string? client)
    {
        var name = NoName().Replace(client ?? "", "-").Trim('-', '.');
        return name.Length is 0 or > AgentDesk.LongestName || name == MessageRules.Announcer ? Nameless : name;
    }

    private static async Task<int> ServeAsync(Session session, RunOrder order)
    {
        // Where there is no workspace this fails now, in one line, and not at each call.
        _ = session.Place;
        ToolSession? tools = null;
        try
        {
            var transport = new StreamServerTransport(
                Console.OpenStandardInput(), Console.OpenStandardOutput(), "baton", null);
            var server = McpServer.Create(transport, new()
            {
                ServerInfo = new() { Name = "baton", Version = CommandLine.Version },
                ServerInstructions = Instructions,
                Capabilities = new() { Tools = new() },
                Handlers = new()
                {
                    ListToolsHandler = static (_, _) =>
                        ValueTask.FromResult(new ListToolsResult { Tools = ToolCatalog.List() }),
                    CallToolHandler = (call, cancel) =>
                    {
                        LazyInitializer.EnsureInitialized(
                            ref tools, () => new(session, Named(order, call.Server.ClientInfo?.Name)));
                        return new(AnswerAsync(tools, call.Params!, cancel));
                    },
                },
            }, null, null);
            await server.RunAsync(CancellationToken.None).WaitAsync(session.Stop);
            await server.DisposeAsync();
            await transport.DisposeAsync();
        }
        catch (OperationCanceledException) when (session.Stop.IsCancellationRequested)
        {
            // Asked to end. A read of standard input can't be called off; it ends with the process.
        }
        finally
        {
            if (tools is not null)
            {
                await tools.DisposeAsync();
            }
        }

        return ExitCode.Ok;
    }

    private static async Task<CallToolResult> AnswerAsync(
        ToolSession tools, CallToolRequestParams call, CancellationToken cancel)
    {
        var offer = ToolCatalog.Find(call.Name)
            ?? throw new McpProtocolException(ToolCatalog.Unknown(call.Name), McpErrorCode.InvalidParams);
        var answer = await tools.CallAsync(
            offer, (call.Arguments ?? new Dictionary<string, JsonElement>()).AsReadOnly(), cancel);
        return new()
        {
            Content = [new TextContentBlock { Text = answer.Text },
                .. tools.News().Select(news => new TextContentBlock { Text = news })],
            StructuredContent = (answer.Error ?? answer.Data) is { ValueKind: JsonValueKind.Object } structured
                ? structured : null,
            IsError = answer.Error is not null,
        };
    }

    private static async Task<int> CallOnceAsync(Session session, RunOrder order, string tool, string? json)
    {
        var offer = ToolCatalog.Find(tool) ?? throw CommandFailure.Usage($"mcp: {ToolCatalog.Unknown(tool)}",
            $"the tools are {string.Join(", ", ToolCatalog.Offers.Select(each => each.Name))}");
        ToolAnswer answer;
        await using (var tools = new ToolSession(session, Named(order, null)))
        {
            answer = await tools.CallAsync(offer, Parse(json ?? "{}"), session.Stop);
        }

        if (answer.Error is { } error)
        {
            throw new CommandFailure(error.GetProperty("code").GetString()!, error.GetProperty("message").GetString()!,
                error.GetProperty("hint").GetString());
        }

        session.Output.Line(answer.Text);
        return ExitCode.Ok;
    }

    private static RunOrder Named(RunOrder order, string? client) =>
        order.Agent.Length > 0 ? order : order with { Agent = NameOf(client) };

    private static Dictionary<string, JsonElement> Parse(string json)
    {
        try
        {
            using var given = JsonDocument.Parse(json);
            return given.RootElement.EnumerateObject().DistinctBy(property => property.Name)
                .ToDictionary(property => property.Name, property => property.Value.Clone(), StringComparer.Ordinal);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw CommandFailure.Usage($"mcp: --with '{json}' is no JSON object", """as --with '{"status":"ready"}'""");
        }
    }

    [GeneratedRegex("[^A-Za-z0-9._-]+")]
    private static partial Regex NoName();
}
