using System.CommandLine;
using Baton.Work;

namespace Baton.Cli;

/// <summary><c>baton agent …</c>: the roster, orchestrators among it.</summary>
internal static class AgentCommands
{
    private static readonly TimeSpan EvictTimeout = TimeSpan.FromSeconds(30);

    public static Command Declare() => new("agent", "the roster of agents and orchestrators")
    {
        List(),
        One("show", "show one agent", ShowAsync),
        Register(),
        One("heartbeat", "say that an agent lives", (session, view) =>
            ReportAsync(session, new(view.Agent.Id))),
        One("drain", "let it finish what it has and take no more", (session, view) =>
            ReportAsync(session, new(view.Agent.Id) { Status = AgentStatus.Draining, IsBeat = false })),
        One("evict", "ask the leader to evict an agent; its tasks go back into the queue", EvictAsync),
    };

    /// <summary>Prints agents as a table.</summary>
    public static Table TableOf(IEnumerable<AgentView> agents, DateTimeOffset now)
    {
        var table = new Table("ID", "ROLE", "STATE", "LEADER", "HOST", "PID", "SEEN", "TASK");
        foreach (var view in agents)
        {
            var agent = view.Agent;
            table.Add(agent.Id.Value, agent.Role,
                agent.Status == AgentStatus.Draining && view.Liveness == Liveness.Alive
                    ? "draining" : view.Liveness.Name(),
                view.IsLeader ? $"epoch {view.Epoch}" : null, agent.Host, agent.Pid == 0 ? null : $"{agent.Pid}",
                $"{Durations.Text(agent.SilentFor ?? now - agent.LastSeenAt)} ago", agent.Task?.Value);
        }

        return table;
    }

    private static Verb List()
    {
        var live = new Option<bool>("--live") { Description = "without those that stopped or were evicted" };
        return new("list", "list agents, those that left last too",
            session => ListAsync(session, session.Get(live))) { live };
    }

    private static async Task<int> ListAsync(Session session, bool live)
    {
        var status = await session.Status.ReadAsync(session.Stop);
        AgentView[] agents = live ? [.. status.Agents] : [.. status.Agents, .. status.Gone];
        session.Output.Data([.. agents.Select(AgentJson.Of)], BatonJson.Default.AgentJsonArray, text =>
        {
            if (agents.Length == 0)
            {
                session.Output.Remark("no agents");
            }
            else
            {
                TableOf(agents, status.GeneratedAt).Write(text, session.Output);
            }
        });
        return ExitCode.Ok;
    }

    private static Verb One(string name, string description, Func<Session, AgentView, Task<int>> run)
    {
        var id = Lookup.AgentArgument();
        return new(name, description, async session =>
        {
            var status = await session.Status.ReadAsync(session.Stop);
            return await run(session, Lookup.Agent(status, session.Get(id)!));
        })
        { id };
    }

    private static Task<int> ShowAsync(Session session, AgentView view)
    {
        Print(session, view);
        return Task.FromResult(ExitCode.Ok);
    }

    private static void Print(Session session, AgentView view)
    {
        var agent = view.Agent;
        session.Output.Data(AgentJson.Of(view), BatonJson.Default.AgentJson, text =>
        {
            text.WriteLine($"id         {agent.Id}");
            text.WriteLine($"role       {Plain.Line(agent.Role)}");
            if (!agent.Can.IsEmpty)
            {
                text.WriteLine($"can        {Plain.Line(string.Join(", ", agent.Can))}");
            }

            text.WriteLine($"state      {session.Output.Ink.State(view.Liveness.Name())}"
                + (agent.SelfReported ? " (by its own word)" : "")
                + (agent.Status == AgentStatus.Draining ? " draining" : ""));
            text.WriteLine($"leader     {(view.IsLeader ? $"yes, epoch {view.Epoch}" : "no")}");
            text.WriteLine($"host       {Plain.Line(agent.Host)}{(agent.Pid == 0 ? "" : $" pid {agent.Pid}")}");
            text.WriteLine($"started    {Times.Text(agent.StartedAt)}");
            text.WriteLine($"last seen  {Times.Text(agent.LastSeenAt)}, ttl {Durations.Text(agent.Ttl)}");
            text.WriteLine($"task       {agent.Task?.Value ?? "-"}");
        });
    }

    private static Verb Register()
    {
        var name = new Argument<string?>("NAME")
        {
            Description = "a stable name; default a new id",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var skills = new SkillOptions();
        skills.Role.Description = "what it does; default worker";
        skills.Can.Description = "what it can do that a task may need";
        var ttl = Durations.Option("--ttl", "how long it may be silent; default 15s");
        return new("register", "put an agent on the roster, by its own word", async session =>
        {
            if (session.Get(skills.Role) == Agent.OrchestratorRole)
            {
                throw CommandFailure.Usage("agent register: an orchestrator registers itself",
                    "baton orchestrator run");
            }

            var id = session.Get(name);
            var agent = id is null || session.Get(ttl) is not null
                ? await RegisterAsync(session, id, skills.Typed(session), session.Get(ttl) ?? AgentDesk.Ttl)
                : await AgentDesk.EnsureAsync(session, id, skills.Typed(session));
            var view = new AgentView(agent, Liveness.Alive, false, null);
            session.Output.Data(AgentJson.Of(view), BatonJson.Default.AgentJson, text => text.WriteLine(agent.Id));
            return ExitCode.Ok;
        })
        { name, skills.Role, skills.Can, ttl };
    }

    private static async Task<Agent> RegisterAsync(Session session, string? name, Skills skills, TimeSpan ttl)
    {
        if (ttl < TimeSpan.FromMilliseconds(500) || ttl > TimeSpan.FromDays(1))
        {
            throw CommandFailure.Usage($"a ttl of {Durations.Text(ttl)} is not possible: 500ms to 24h");
        }

        var id = name is null ? session.Around.Ids.NewAgent() : new(AgentDesk.Checked(name));
        var agent = await session.Work.RegisterAsync(
            AgentDesk.New(session, id, name ?? id.Value, skills, ttl), session.Stop);
        return agent.IsOnRoster ? agent : await session.Work.RegisterAsync(AgentDesk.New(
            session, session.Around.Ids.NewLife(id.Value), id.Value, skills, ttl), session.Stop);
    }

    private static async Task<int> ReportAsync(Session session, AgentReport report)
    {
        var agent = await session.Work.ReportAsync(report, session.Stop) ?? throw new CommandFailure(
            ErrorCode.AgentGone, $"{report.Id} is not on the roster any more");
        var status = await session.Status.ReadAsync(session.Stop);
        var view = status.Agents.FirstOrDefault(view => view.Agent.Id == agent.Id)
            ?? new(agent, Liveness.Alive, false, null);
        session.Output.Data(AgentJson.Of(view), BatonJson.Default.AgentJson, text =>
            text.WriteLine($"{agent.Id} {agent.Status.Name()}"));
        return ExitCode.Ok;
    }

    private static async Task<int> EvictAsync(Session session, AgentView view)
    {
        var agent = view.Agent;
        if (!agent.IsOnRoster)
        {
            throw new CommandFailure(ErrorCode.Conflict, $"{agent.Id} is {agent.Status.Name()} already");
        }

        var leader = await session.Status.ReadLeaderAsync(session.Stop);
        if (!leader.IsLeading)
        {
            throw LeaderCommands.NoLeader(leader);
        }

        if (leader.Id?.Value == agent.Id.Value)
        {
            throw new CommandFailure(ErrorCode.Conflict, $"{agent.Id} leads, and a leader does not evict itself",
                "baton leader resign");
        }

        await session.Work.AskAsync(new(RequestKind.Evict, session.Actor) { Agent = agent.Id }, session.Stop);
        var after = await Waiting.UntilAsync(session, EvictTimeout, async () =>
        {
            var status = await session.Status.ReadAsync(session.Stop);
            return status.Agents.Any(other => other.Agent.Id == agent.Id) ? null : status;
        }) ?? throw new CommandFailure(ErrorCode.Timeout,
            $"{agent.Id} is still on the roster after {Durations.Text(EvictTimeout)}", "baton status shows who leads");
        var gone = after.Gone.FirstOrDefault(other => other.Agent.Id == agent.Id)
            ?? new(agent with { Status = AgentStatus.Evicted }, Liveness.Evicted, false, null);
        session.Output.Data(AgentJson.Of(gone), BatonJson.Default.AgentJson,
            text => text.WriteLine($"{agent.Id} {gone.Liveness.Name()}"));
        return ExitCode.Ok;
    }
}
