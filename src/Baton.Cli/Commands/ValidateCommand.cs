using System.Collections.Immutable;
using System.CommandLine;
using Baton.Validation;

namespace Baton.Cli;

/// <summary><c>baton validate</c>: tries what is promised, and says what was seen.</summary>
internal static class ValidateCommand
{
    private const int MostOrchestrators = 32;
    private const string Postgres = "postgres";
    private const string Etcd = "etcd";
    private static readonly string[] Kinds = [Postgres, Etcd];
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
        var ownServers = new Option<string?>("--own-servers")
        {
            Description = "on servers that the run starts, stops and freezes itself: postgres, etcd, or both (as the workspace)",
            HelpName = "KIND,…",
            Arity = ArgumentArity.ZeroOrOne,
        };
        ownServers.CompletionSources.Add(Kinds);
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
                session.Get(only), session.Get(seed), OwnKinds(session, ownServers));
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

    /// <summary>The kinds of server that the run starts itself.</summary>
    private static ImmutableArray<string> OwnKinds(Session session, Option<string?> option)
    {
        if (!session.Has(option))
        {
            return [];
        }

        if (session.Get(option) is not { } named)
        {
            return session.Place.Leases?.Cluster is null ? [Postgres] : [Postgres, Etcd];
        }

        var chosen = named.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return chosen.Length > 0 && chosen.Except(Kinds).FirstOrDefault() is null ? [.. chosen] : throw CommandFailure.Usage(
            $"--own-servers {named}: no such kind of server", $"one or both of {string.Join(',', Kinds)}");
    }

    private static async Task<Findings> DrillAsync(
        Session session, int orchestrators, TimeSpan? asked, string? only, long? seed, ImmutableArray<string> own)
    {
        var place = session.Place;
        var leases = LeasesOf(session, place, own);
        var ttl = asked ?? (place.Store.IsEmbedded && own.IsEmpty && leases is null ? Short : Long);
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
        var host = new DrillHost(session.Around, ServerOf(session, place, own), leases,
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

    private static DrillServer? ServerOf(Session session, StorePlace place, ImmutableArray<string> own)
    {
        if (!own.Contains(Postgres))
        {
            return place.Store.IsEmbedded ? null : new(place.Store.Address, null);
        }

        return OwnPostgres.FindBin(session.Around.Variable) is { } bin ? new(null, bin) : throw CommandFailure.Usage(
            "--own-servers: no PostgreSQL server is installed here, so the run can start none",
            "install one (Debian, Ubuntu: apt-get install postgresql), or name one that runs: --store postgres://…");
    }

    private static DrillLeases? LeasesOf(Session session, StorePlace place, ImmutableArray<string> own)
    {
        if (!own.Contains(Etcd))
        {
            return place.Leases?.Cluster is { } given ? new(given, null) : null;
        }

        return OwnEtcd.FindProgram(session.Around.Variable) is { } program ? new(null, program) : throw CommandFailure.Usage(
            "--own-servers: no etcd is installed here, so the run can start none",
            "install it (Debian, Ubuntu: apt-get install etcd-server), or name a cluster that runs: --leases etcd://…");
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
