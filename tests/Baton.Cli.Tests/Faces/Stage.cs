using System.Buffers.Binary;
using Baton.Work;
using Microsoft.Extensions.Time.Testing;

namespace Baton.Cli.Tests;

/// <summary>What a command printed, and how it ended.</summary>
internal sealed record Played(int Exit, string Out, string Error);

/// <summary>
/// The program in this process, over stores in memory and a clock that stands still: its output is the same
/// each time.
/// </summary>
internal sealed class Stage
{
    private static readonly DateTimeOffset Start = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    private static readonly ClockDomain Domain = new("stage");
    private readonly IdSource _ids;
    private long _drawn;

    public Stage()
    {
        Clock = new(Start);
        Leases = new(Clock, Domain);
        Work = new(ElectionName.Main, Clock, Domain);
        _ids = new(Clock, bytes =>
        {
            bytes.Clear();
            Span<byte> number = stackalloc byte[8];
            BinaryPrimitives.WriteInt64LittleEndian(number, ++_drawn);
            number[..Math.Min(bytes.Length, 8)].CopyTo(bytes);
        });
    }

    public FakeTimeProvider Clock { get; }

    public InMemoryLeaseStore Leases { get; }

    public InMemoryWorkStore Work { get; }

    public Dictionary<string, string> Variables { get; } = new(StringComparer.Ordinal)
    {
        ["BATON_STORE"] = "sqlite:/stage/baton.db",
        ["USER"] = "ann",
    };

    public string Input { get; set; } = "";

    /// <summary>Where commands are typed.</summary>
    public string Folder { get; init; } = "/";

    /// <summary>Interrupts what runs.</summary>
    public CancellationToken Stop { get; init; } = Cancel;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Runs one command line.</summary>
    public async Task<Played> PlayAsync(params string[] args)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var error = new StringWriter { NewLine = "\n" };
        var exit = await CommandLine.RunAsync(args, new()
        {
            Out = output,
            Error = error,
            In = new StringReader(Input),
            Variable = name => Variables.GetValueOrDefault(name),
            WorkingFolder = Folder,
            Clock = Clock,
            ClockDomain = Domain,
            Host = "stagehost",
            Ids = _ids,
            Stop = Stop,
            Open = (place, _, _) => new(
                place, new(() => new(Leases, "stage")), Work, "stage", null, new VolatileMark()),
        });
        return new(exit, output.ToString(), error.ToString());
    }

    /// <summary>Puts an orchestrator on the roster.</summary>
    public async Task<Candidate> JoinAsync(string id, int pid)
    {
        var now = Clock.GetUtcNow();
        var ttl = TimeSpan.FromSeconds(6);
        await Work.RegisterAsync(new(new(id), id[..^7], Agent.OrchestratorRole)
        {
            Host = "stagehost",
            Pid = pid,
            StartedAt = now,
            LastSeenAt = now,
            Ttl = ttl,
            Expiry = new(Domain, Instant.Of(Clock) + ttl),
        }, Cancel);
        return new(new(id)) { Host = "stagehost", Pid = pid };
    }

    /// <summary>Lets a candidate win the next term and begin it.</summary>
    public async Task<Term> LeadAsync(Candidate candidate)
    {
        var view = await Leases.ReadAsync(ElectionName.Main, Cancel);
        var standing = LeaseRules.Judge(view, Domain, Instant.Of(Clock), Instant.Of(Clock), provablyDead: false);
        var answer = await Leases.TryAcquireAsync(new(ElectionName.Main, candidate, TimeSpan.FromSeconds(6),
            Epoch.None, view.Nonce + 1, new(view.Epoch, view.Renewals, standing)), Cancel);
        var acquired = Assert.IsType<AcquireAnswer.Acquired>(answer);
        var former = new List<Term>();
        await foreach (var term in Leases.TermsAsync(ElectionName.Main, Epoch.None, Cancel))
        {
            if (term.Epoch < acquired.Term.Epoch)
            {
                former.Add(term);
            }
        }

        await Work.BeginTermAsync(new(acquired.Term, [.. former], Epoch.None, acquired.KnownBefore), Cancel);
        return acquired.Term;
    }

    /// <summary>Makes a task and gives its id.</summary>
    public async Task<string> CreateAsync(params string[] args)
    {
        var played = await PlayAsync(["task", "create", .. args]);
        Assert.Equal(0, played.Exit);
        return played.Out.Trim();
    }

    /// <summary>
    /// A leader, a follower, a worker with a task, another task that waits, one that is done.
    /// </summary>
    public static async Task<Stage> BusyAsync()
    {
        var stage = new Stage();
        var first = await stage.JoinAsync("orc-1-aaaaaa", 101);
        var term = await stage.LeadAsync(first);
        stage.Clock.Advance(TimeSpan.FromSeconds(2));
        await stage.Leases.ReleaseAsync(term, TermEnd.Released, Cancel);
        await stage.Work.ReportAsync(new(new("orc-1-aaaaaa")) { Status = AgentStatus.Stopped }, Cancel);
        var second = await stage.JoinAsync("orc-2-bbbbbb", 102);
        await stage.JoinAsync("orc-3-cccccc", 103);
        await stage.LeadAsync(second);
        stage.Clock.Advance(TimeSpan.FromSeconds(1));
        var urgent = await stage.CreateAsync("--title", "Mend the roof", "--priority", "critical",
            "--complexity", "simple", "--tags", "house,urgent", "--estimated-hours", "1.5",
            "--description", "Before the rain.");
        await stage.CreateAsync("--title", "Paint the roof", "--depends-on", urgent);
        var done = await stage.CreateAsync("--title", "Buy a ladder", "--key", "ladder");
        await stage.ClaimAsync(done, "bob", complete: true);
        await stage.ClaimAsync(urgent, "bob", complete: false);
        stage.Clock.Advance(TimeSpan.FromMilliseconds(750));
        return stage;
    }

    private async Task ClaimAsync(string id, string agent, bool complete)
    {
        var claimed = await PlayAsync("task", "claim", id, "--agent", agent, "--json");
        Assert.Equal(0, claimed.Exit);
        if (complete)
        {
            var settled = await PlayAsync(
                "task", "complete", id, "--claim", TokenIn(claimed), "--summary", "bought a good one");
            Assert.Equal(0, settled.Exit);
        }
    }

    /// <summary>The token that <c>task claim --json</c> printed.</summary>
    public static string TokenIn(Played claimed)
    {
        using var json = System.Text.Json.JsonDocument.Parse(claimed.Out);
        return json.RootElement.GetProperty("data").GetProperty("claim").GetString()!;
    }
}
