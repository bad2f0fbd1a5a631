using System.Collections.Immutable;
using System.Globalization;

namespace Baton.Work;

/// <summary>The tasks and what they wait for.</summary>
public abstract partial class SqlWorkRows
{
    /// <summary>The words of the partial index <c>task_ready</c>.</summary>
    protected const string IsReady = "AND status = 'pending' AND open_dependencies = 0";

    // '~' comes after every character that an id may have.
    private const string HasPrefix = "AND id >= @prefix AND id < @prefix || '~'";

    /// <summary>What a claimant with <c>@role</c> and <c>@can</c> may take.</summary>
    protected string Fits => $"AND (role IS NULL OR role = @role) AND (needs = '[]' OR {Dialect.NeedsAreMet})";

    /// <inheritdoc/>
    public override DurableTask? Task(TaskId id) => One(Tasks("AND id = @id", ("id", id.Value)));

    /// <inheritdoc/>
    public override TaskId? TaskOfKey(string key) =>
        Scalar("SELECT id FROM task WHERE election = @election AND key = @key", Here, ("key", key))
            is string id ? new TaskId(id) : null;

    /// <inheritdoc/>
    public override ImmutableArray<TaskId> TasksOfPrefix(string prefix) => All(
        $"SELECT id FROM task WHERE election = @election {HasPrefix} ORDER BY id LIMIT 2",
        row => new TaskId(row.GetString(0)), Here, ("prefix", prefix));

    /// <inheritdoc/>
    public override DurableTask? TaskOfClaim(AgentId agent, string secret) => One(Tasks(
        "AND claim_agent = @agent AND claim_token = attempt || '-' || @secret LIMIT 1",
        ("agent", agent.Value), ("secret", secret)));

    /// <inheritdoc/>
    public override DateTimeOffset? NextReadyAt(Skills skills, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(skills);
        return Scalar($"""
            SELECT min(not_before) FROM task WHERE election = @election {IsReady} {Fits}
            AND not_before > @now AND not_before <= @latest
            """, [Here, .. Asked(skills, now)]) is long at ? RowReading.Time(at) : null;
    }

    /// <inheritdoc/>
    public override void Add(DurableTask task)
    {
        ArgumentNullException.ThrowIfNull(task);
        Run("""
            INSERT INTO task (election, id, title, description, priority, status, complexity, estimated_hours, tags,
                open_dependencies, key, role, created_by, created_at, updated_at, assigned_to, claimed_at,
                completed_at, attempt, failures, losses, not_before, claim_agent, claim_token, claim_epoch,
                claim_ttl_ms, claim_expires_at, claim_extensions, claim_clock_domain, claim_expires_ns,
                claim_witness_device, claim_witness_inode, notes, summary, issue_number, issue_url, branch,
                quality_score, quality_notes, quality, spec_file, settled_token, checks, evidence,
                needs, stall_ms, time_limit_ms, max_attempts, declines)
            VALUES (@election, @id, @title, @description, @priority, @status, @complexity, @hours, @tags,
                @open, @key, @role, @created_by, @created_at, @updated_at, @assigned_to, @claimed_at,
                @completed_at, @attempt, @failures, @losses, @not_before, @claim_agent, @claim_token, @claim_epoch,
                @claim_ttl, @claim_expires_at, @claim_extensions, @claim_domain, @claim_expires_ns,
                @claim_device, @claim_inode, @notes, @summary, @issue_number, @issue_url, @branch,
                @quality_score, @quality_notes, @quality, @spec_file, @settled_token, @checks, @evidence,
                @needs, @stall, @time_limit, @max_attempts, @declines)
            """, [Here, .. ValuesOf(task)]);
        Link(task);
    }

    /// <inheritdoc/>
    public override void Replace(DurableTask task) => Run("""
        UPDATE task SET title = @title, description = @description, priority = @priority, status = @status,
            complexity = @complexity, estimated_hours = @hours, tags = @tags, role = @role,
            updated_at = @updated_at, assigned_to = @assigned_to, claimed_at = @claimed_at,
            completed_at = @completed_at, attempt = @attempt, failures = @failures, losses = @losses,
            not_before = @not_before, claim_agent = @claim_agent, claim_token = @claim_token,
            claim_epoch = @claim_epoch, claim_ttl_ms = @claim_ttl, claim_expires_at = @claim_expires_at,
            claim_extensions = @claim_extensions, claim_clock_domain = @claim_domain,
            claim_expires_ns = @claim_expires_ns, claim_witness_device = @claim_device,
            claim_witness_inode = @claim_inode, notes = @notes, summary = @summary, issue_number = @issue_number,
            issue_url = @issue_url, branch = @branch, quality_score = @quality_score,
            quality_notes = @quality_notes, quality = @quality, spec_file = @spec_file, settled_token = @settled_token,
            evidence = @evidence, needs = @needs, stall_ms = @stall, time_limit_ms = @time_limit,
            max_attempts = @max_attempts, declines = @declines
        WHERE election = @election AND id = @id
        """, [Here, .. ValuesOf(task)]);

    /// <inheritdoc/>
    public override void ReplaceDependencies(DurableTask task)
    {
        ArgumentNullException.ThrowIfNull(task);
        Run("DELETE FROM task_dependency WHERE election = @election AND task = @task", Here, ("task", task.Id.Value));
        Link(task);
        Run("UPDATE task SET open_dependencies = @open WHERE election = @election AND id = @task",
            Here, ("task", task.Id.Value), ("open", task.OpenDependencies));
    }

    /// <inheritdoc/>
    public override ImmutableArray<DurableTask> Tasks(TaskQuery query)
    {
        ArgumentNullException.ThrowIfNull(query);
        return Tasks($"""
            {(query.Status is null ? "" : "AND status = @status")}
            {(query.Ready ? IsReady : "")}
            {(query.Tag is null ? "" : "AND " + Dialect.IsTagged)}
            {(query.AssignedTo is null ? "" : """
                AND (assigned_to = @agent OR assigned_to IN
                    (SELECT a.id FROM agent a WHERE a.election = @election AND a.name = @agent))
                """)}
            {(query.IdPrefix is null ? "" : HasPrefix)}
            ORDER BY {(query.Ready ? "priority, place" : "place")} {(query.Limit is null ? "" : "LIMIT @limit")}
            """,
            [.. Given("status", query.Status?.Name()), .. Given("tag", query.Tag), .. Given("agent", query.AssignedTo),
                .. Given("prefix", query.IdPrefix), .. Given("limit", query.Limit)]);
    }

    /// <summary>The tasks of which a condition holds, each with what it waits for.</summary>
    protected virtual ImmutableArray<DurableTask> Tasks(
        string which, params ReadOnlySpan<(string Name, object? Value)> parameters) => All($"""
        SELECT {RowReading.TaskColumns}, (SELECT {Dialect.Joins}(d.depends_on, ' ' ORDER BY d.place)
            FROM task_dependency d WHERE d.election = task.election AND d.task = task.id)
        FROM task WHERE election = @election {which}
        """, RowReading.ReadTask, [Here, .. parameters]);

    /// <summary>What <see cref="Fits"/> asks for, and when.</summary>
    protected static (string Name, object? Value)[] Asked(Skills skills, DateTimeOffset now) =>
    [
        ("role", skills.Role), ("can", WorkJson.Words(skills.Can)), ("now", Milliseconds(now)),
        ("latest", Milliseconds(now + TaskRules.LongestDelay)),
    ];

    /// <summary>The one task there is; null where there is none.</summary>
    protected static DurableTask? One(ImmutableArray<DurableTask> tasks) => tasks.IsEmpty ? null : tasks[0];

    private static (string, object?)[] ValuesOf(DurableTask task) =>
    [
        ("title", task.Title), ("description", task.Description), ("priority", (int)task.Priority),
        ("complexity", task.Complexity?.Name()), ("hours", Text(task.EstimatedHours)),
        ("tags", WorkJson.Words(task.Tags)), ("open", task.OpenDependencies), ("key", task.Key),
        ("role", task.Role), ("created_by", task.CreatedBy), ("created_at", Milliseconds(task.CreatedAt)),
        ("issue_number", task.GithubIssue?.Number), ("issue_url", task.GithubIssue?.Url),
        ("branch", task.Branch), ("quality_score", Text(task.QualityScore)),
        ("quality_notes", task.QualityNotes), ("quality", task.Quality?.ToJson()), ("spec_file", task.SpecFile),
        ("id", task.Id.Value), ("status", task.Status.Name()), ("updated_at", Milliseconds(task.UpdatedAt)),
        ("assigned_to", task.AssignedTo), ("claimed_at", Milliseconds(task.ClaimedAt)),
        ("completed_at", Milliseconds(task.CompletedAt)), ("attempt", task.Attempt), ("failures", task.Failures),
        ("losses", task.Losses), ("not_before", Milliseconds(task.NotBefore)),
        ("claim_agent", task.Claim?.Agent.Value), ("claim_token", task.Claim?.Token),
        ("claim_epoch", task.Claim?.Epoch.Value), ("claim_ttl", Milliseconds(task.Claim?.Ttl)),
        ("claim_expires_at", Milliseconds(task.Claim?.ExpiresAt)), ("claim_extensions", task.Claim?.Extensions),
        ("claim_domain", task.Claim?.Expiry?.Domain.Value),
        ("claim_expires_ns", task.Claim?.Expiry?.At.Nanoseconds),
        ("claim_device", task.Claim?.Witness?.Device), ("claim_inode", task.Claim?.Witness?.Inode),
        ("notes", WorkJson.Notes(task.Notes)), ("summary", task.Summary),
        ("settled_token", task.SettledToken), ("checks", WorkJson.Words(task.Checks)),
        ("evidence", WorkJson.Evidence(task.Evidence)), ("needs", WorkJson.Words(task.Needs)),
        ("stall", Milliseconds(task.Stall)), ("time_limit", Milliseconds(task.TimeLimit)),
        ("max_attempts", task.MaxAttempts), ("declines", task.Declines),
    ];

    private static string? Text(decimal? number) => number?.ToString(CultureInfo.InvariantCulture);

    private void Link(DurableTask task)
    {
        for (var i = 0; i < task.DependsOn.Length; i++)
        {
            // A record of another system may name one dependency twice.
            Run("""
                INSERT INTO task_dependency (election, task, depends_on, place) VALUES (@election, @task, @on, @place)
                ON CONFLICT DO NOTHING
                """,
                Here, ("task", task.Id.Value), ("on", task.DependsOn[i].Value), ("place", i));
        }
    }
}
