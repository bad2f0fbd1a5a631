using System.CommandLine;
using Baton.Work;

namespace Baton.Cli;

/// <summary><c>baton leader [show]</c>, <c>history</c> and <c>resign</c>.</summary>
internal static class LeaderCommands
{
    private static readonly TimeSpan ResignTimeout = TimeSpan.FromSeconds(60);

    public static Command Declare() => new Verb("leader", "who leads", ShowAsync)
    {
        new Verb("show", "who leads", ShowAsync),
        History(),
        Resign(),
    };

    /// <summary>The failure of whoever needs a leader and finds none.</summary>
    public static CommandFailure NoLeader(LeaderStatus leader) => new(ErrorCode.NoLeader,
        leader.State == LeaderState.None
            ? "nobody leads: nobody has led yet"
            : $"nobody leads: the last leader {leader.Id} (epoch {leader.Epoch}) "
                + leader.State switch
                {
                    LeaderState.Died => "is gone",
                    LeaderState.Expired => "let its lease run out",
                    _ => "gave its lease back",
                })
    {
        Details = new Dictionary<string, string>
        {
            ["state"] = LeaderJson.NameOf(leader.State),
            ["epoch"] = $"{leader.Epoch}",
            ["id"] = leader.Id?.Value ?? "",
        },
    };

    private static async Task<int> ShowAsync(Session session)
    {
        var leader = await session.Status.ReadLeaderAsync(session.Stop);
        if (!leader.IsLeading)
        {
            throw NoLeader(leader);
        }

        session.Output.Data(LeaderJson.Of(leader), BatonJson.Default.LeaderJson, text =>
            text.WriteLine(LeaderText.Line(leader, session.Around.Clock.GetUtcNow(), session.Output.Ink)));
        return ExitCode.Ok;
    }

    private static Verb History()
    {
        var since = Durations.Option("--since", "only terms that lasted into this last stretch of time");
        return new("history", "who led when, and what ended it; newest first",
            session => HistoryAsync(session, session.Get(since))) { since };
    }

    private static async Task<int> HistoryAsync(Session session, TimeSpan? since)
    {
        var terms = new List<Term>();
        await foreach (var term in session.Leases.TermsAsync(session.Election, Epoch.None, session.Stop))
        {
            terms.Add(term);
        }

        terms.Reverse();
        var from = since is { } span ? session.Around.Clock.GetUtcNow() - span : DateTimeOffset.MinValue;
        TermJson[] rows = [.. terms.Where(term => term.EndedAt is null || term.EndedAt >= from).Select(TermJson.Of)];
        session.Output.Data(rows, BatonJson.Default.TermJsonArray, text =>
        {
            if (rows.Length == 0)
            {
                session.Output.Remark("nobody has led yet");
                return;
            }

            var table = new Table("EPOCH", "ID", "HOST", "PID", "BEGAN", "ENDED", "ENDED BY");
            foreach (var row in rows)
            {
                table.Add($"{row.Epoch}", row.Id, row.Host, $"{row.Pid}", Times.Text(row.BeganAt),
                    Times.Text(row.EndedAt), row.EndedBy);
            }

            table.Write(text, session.Output);
        });
        return ExitCode.Ok;
    }

    private static Verb Resign()
    {
        var timeout = Durations.Option("--timeout", "how long to wait for the next leader; default 60s");
        return new("resign", "ask the leader to hand over; waits until another epoch leads",
            session => ResignAsync(session, session.Get(timeout) ?? ResignTimeout)) { timeout };
    }

    private static async Task<int> ResignAsync(Session session, TimeSpan timeout)
    {
        var status = await session.Status.ReadAsync(session.Stop);
        var leader = status.Leader;
        if (leader is not { IsLeading: true, Id: { } from, Epoch: { } epoch })
        {
            throw NoLeader(leader);
        }

        if (!status.Agents.Any(view => view.Agent.IsOrchestrator && view.Agent.Id.Value != from.Value
            && view.Agent.Status == AgentStatus.Active && view.Liveness is Liveness.Alive or Liveness.Late))
        {
            throw new CommandFailure(ErrorCode.NoCandidate, $"{from} (epoch {epoch}) is the only orchestrator");
        }

        var began = Instant.Of(session.Around.Clock);
        await session.Work.AskAsync(
            new(RequestKind.Resign, session.Actor) { Epoch = epoch }, session.Stop);
        var next = await Waiting.UntilAsync(session, timeout, async () =>
        {
            var now = await session.Status.ReadLeaderAsync(session.Stop);
            return now.IsLeading && now.Epoch > epoch ? now : null;
        }) ?? throw new CommandFailure(ErrorCode.Timeout,
            $"no other epoch leads after {Durations.Text(timeout)}; {from} was asked to hand over and may yet do it");
        var took = Instant.Of(session.Around.Clock) - began;
        session.Output.Data(
            new(epoch.Value, from.Value, next.Epoch!.Value.Value, next.Id!.Value.Value, (long)took.TotalMilliseconds),
            BatonJson.Default.ResignJson, text => text.WriteLine(
                $"{from} (epoch {epoch}) handed over to "
                + $"{next.Id} (epoch {next.Epoch}) in {took.TotalMilliseconds:0} ms"));
        return ExitCode.Ok;
    }
}
