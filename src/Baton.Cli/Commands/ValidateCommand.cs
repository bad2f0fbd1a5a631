using System.Collections.Immutable;
using System.CommandLine;
using Baton.Validation;

namespace Baton.Cli;

/// <summary><c>baton validate</c>: tries what is promised, and says what was seen.</summary>
internal static class ValidateCommand
{
    private const int MostOrchestrators = 32;
    private static readonly TimeSpan Short = TimeSpan.FromSeconds(2);

    // A request has a sixth of it, and over a loaded network it takes longer than to a file.
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(4);

    public static Verb Declare()
    {
        var orchestrators = new Option<int>("--orchestrators")
        {
            Description = "how many orchestrators take part (5)",
            HelpName = "N",
            DefaultValueFactory = _ => 5,
        };
        var ttl = Durations.Option("--ttl", "how long a lease lives without a renewal (2s; on a server 4s)");
        var only = new Option<string?>("--only") { Description = "these criteria (all)", HelpName = "ID,…" };
        only.CompletionSources.Add([.. DrillRun.Criteria]);
        var seed = new Option<long?>("--seed") { Description = "what random choices are drawn from", HelpName = "N" };
        var report = new Option<string?>("--report")
        {
            Description = "the file that gets a section (memory/working.md)",
            HelpName = "FILE",
        };
        var task = new IdOption("--task", IdKind.Task)
        {
            Description = "the task that gets a note and an assessment",
            HelpName = "ID",
        };
        var junit = new Option<string?>("--junit") { Description = "a file for build servers", HelpName = "FILE" };
        var html = new Option<string?>("--html") { Description = "a file with a picture of the run", HelpName = "FILE" };
        var history = new Option<string?>("--history")
        {
            Description = "judge a recording instead: a file, a folder of them, or a coordination.log",
            HelpName = "FILE",
        };
        var live = new Option<bool>("--live")
        {
            Description = "look at the running system instead; --ttl: how long a suspicion must stand (its own)",
        };
        var ownServers = new Option<bool>("--own-servers")
        {
            Description = "on a PostgreSQL server that the run starts, stops and freezes itself",
        };
        return new("validate", "try the promises with real processes and faults, in a store of the run's own", async session =>
        {
            var order = new ReportOrder(session.Get(report), session.Get(task), session.Get(junit), session.Get(html));
            if (order.Task is { } named)
            {
                // A wrong id must not cost a run.
                await Lookup.TaskAsync(session, named);
            }

            if (session.Get(history) is { } file)
            {
                RefuseBeside(session, history, live, orchestrators, ttl, only, seed, ownServers);
                FindingsPresentation.Check(session, order, ValidationMode.History);
                return await FindingsPresentation.PresentAsync(
                    session, await ValidateHistory.RunAsync(session, file), order);
            }

            if (session.Get(live))
            {
                RefuseBeside(session, live, orchestrators, only, seed, ownServers);
                FindingsPresentation.Check(session, order, ValidationMode.Live);
                return await FindingsPresentation.PresentAsync(
                    session, await ValidateLive.RunAsync(session, session.Get(ttl)), order);
            }

            FindingsPresentation.Check(session, order, ValidationMode.Drills);
            var findings = await DrillAsync(session, session.Get(orchestrators), session.Get(ttl),
                session.Get(only), session.Get(seed), session.Get(ownServers));
            return await FindingsPresentation.PresentAsync(session, findings, order);
        })
        { live, history, orchestrators, ttl, only, seed, ownServers, report, task, junit, html };
    }

    private static void RefuseBeside(Session session, Option mode, params ReadOnlySpan<Option> others)
    {
        foreach (var other in others)
        {
            if (session.Has(other))
            {
                throw CommandFailure.Usage($"validate: {mode.Name} and {other.Name} don't go together",
                    $"choose one; without {mode.Name} the drills are run");
            }
        }
    }

    private static async Task<Findings> DrillAsync(
        Session session, int orchestrators, TimeSpan? asked, string? only, long? seed, bool ownServers)
    {
        var place = session.Place;
        var leases = place.Leases?.Cluster;
        var ttl = asked ?? (place.Store.IsEmbedded && !ownServers && leases is null ? Short : Long);
        if (orchestrators is < 1 or > MostOrchestrators)
        {
            throw CommandFailure.Usage($"--orchestrators {orchestrators}: it is 1 to {MostOrchestrators}");
        }

        var least = TimeSpan.FromMilliseconds(leases is null ? 500 : 2000);
        if (ttl < least)
        {
            throw CommandFailure.Usage($"--ttl {ttl.TotalMilliseconds:0}ms is too short: {least.TotalMilliseconds:0}ms at least");
        }

        if (leases is not null && ttl.Ticks % TimeSpan.TicksPerSecond != 0)
        {
            throw CommandFailure.Usage($"--ttl {ttl.TotalMilliseconds:0}ms: etcd counts whole seconds");
        }

        var began = Instant.Of(session.Around.Clock);
        var host = new DrillHost(session.Around, ServerOf(session, place, ownServers), leases,
            line => Progress(session, Instant.Of(session.Around.Clock) - began, line));
        var run = new DrillRun(host, new(session.Around.Ids.NewSecret(), place.Root)
        {
            Orchestrators = orchestrators,
            Ttl = ttl,
            Only = Chosen(only),
            Seed = seed ?? Instant.Of(session.Around.Clock).Nanoseconds,
        });
        return await run.RunAsync(session.Stop);
    }

    private static DrillServer? ServerOf(Session session, StorePlace place, bool ownServers)
    {
        if (!ownServers)
        {
            return place.Store.IsEmbedded ? null : new(place.Store.Address, null);
        }

        return OwnPostgres.FindBin(session.Around.Variable) is { } bin ? new(null, bin) : throw CommandFailure.Usage(
            "--own-servers: no PostgreSQL server is installed here, so the run can start none",
            "install one (Debian, Ubuntu: apt-get install postgresql), or name one that runs: --store postgres://…");
    }

    private static ImmutableArray<string> Chosen(string? only)
    {
        if (only is null)
        {
            return [];
        }

        var chosen = only.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        var unknown = chosen.Except(DrillRun.Criteria).ToArray();
        return unknown.Length == 0 && chosen.Length > 0 ? [.. chosen] : throw CommandFailure.Usage(
            unknown.Length == 0 ? "--only names no criterion" : $"--only {unknown[0]}: there is no such criterion"
                + Choices.Meant(unknown[0], DrillRun.Criteria),
            $"one or more of {string.Join(',', DrillRun.Criteria)}");
    }

    private static void Progress(Session session, TimeSpan elapsed, string line)
    {
        if (session.Around.IsTerminal || session.Output.IsVerbose)
        {
            session.Output.Remark($"{elapsed.TotalSeconds,6:0.0} s  {line}");
        }
    }
}
