using System.Collections.Immutable;
using System.Globalization;
using Baton.Work;
using Microsoft.Data.Sqlite;

namespace Baton.Sqlite;

/// <summary>The tasks and what they wait for.</summary>
internal sealed partial class SqliteWorkRows
{
    // Ids hold no space, so a space parts them.
    private const string Columns = """
        id, title, description, priority, status, complexity, estimated_hours, tags, open_dependencies, key, role,
        created_by, created_at, updated_at, assigned_to, claimed_at, completed_at, attempt, failures, losses,
        not_before, claim_agent, claim_token, claim_epoch, claim_ttl_ms, claim_expires_at, claim_extensions,
        claim_clock_domain, claim_expires_ns, claim_witness_device, claim_witness_inode, notes, summary,
        issue_number, issue_url, branch, quality_score, quality_notes, spec_file, settled_token,
        (SELECT group_concat(d.depends_on, ' ' ORDER BY d.place) FROM task_dependency d
            WHERE d.election = task.election AND d.task = task.id),
        quality, checks, evidence, needs, stall_ms, time_limit_ms, max_attempts, declines
        """;

    // The words of the partial index task_ready.
    private const string IsReady = "AND status = 'pending' AND open_dependencies = 0";

    private const string Fits = """
        AND (role IS NULL OR role = $role) AND (needs = '[]' OR NOT EXISTS (
            SELECT 1 FROM json_each(needs) n WHERE n.value NOT IN (SELECT c.value FROM json_each($can) c)))
        """;

    // '~' comes after every character that an id may have.
    private const string HasPrefix = "AND id >= $prefix AND id < $prefix || '~'";

    /// <inheritdoc/>
    public override DurableTask? Task(TaskId id) => One(Tasks("AND id = $id", ("$id", id.Value)));

    /// <inheritdoc/>
    public override TaskId? TaskOfKey(string key) =>
        link.Scalar("SELECT id FROM task WHERE election = $election AND key = $key", Here, ("$key", key))
            is string id ? new TaskId(id) : null;

    /// <inheritdoc/>
    public override ImmutableArray<TaskId> TasksOfPrefix(string prefix)
    {
        using var rows = link.Command(
            $"SELECT id FROM task WHERE election = $election {HasPrefix} ORDER BY id LIMIT 2",
            Here, ("$prefix", prefix)).ExecuteReader();
        var ids = ImmutableArray.CreateBuilder<TaskId>();
        while (rows.Read())
        {
            ids.Add(new(rows.GetString(0)));
        }

        return ids.ToImmutable();
    }

    /// <inheritdoc/>
    public override DurableTask? TaskOfClaim(AgentId agent, string secret) => One(Tasks(
        "AND claim_agent = $agent AND claim_token = attempt || '-' || $secret LIMIT 1",
        ("$agent", agent.Value), ("$secret", secret)));

    /// <inheritdoc/>
    public override DurableTask? FirstReady(Skills skills, DateTimeOffset now) => One(Tasks($"""
        {IsReady} {Fits} AND (not_before IS NULL OR not_before <= $now OR not_before > $latest)
        ORDER BY priority, place LIMIT 1
        """, ("$role", skills.Role), ("$can", WorkJson.Words(skills.Can)), ("$now", Milliseconds(now)),
        ("$latest", Milliseconds(now + TaskRules.LongestDelay))));

    /// <inheritdoc/>
    public override DateTimeOffset? NextReadyAt(Skills skills, DateTimeOffset now) => link.Scalar($"""
        SELECT min(not_before) FROM task WHERE election = $election {IsReady} {Fits}
        AND not_before > $now AND not_before <= $latest
        """, Here, ("$role", skills.Role), ("$can", WorkJson.Words(skills.Can)), ("$now", Milliseconds(now)),
        ("$latest", Milliseconds(now + TaskRules.LongestDelay))) is long at ? At(at) : null;

    /// <inheritdoc/>
    public override int OpenAmong(ImmutableArray<TaskId> tasks) => tasks.Count(id => link.Scalar(
        "SELECT 1 FROM task WHERE election = $election AND id = $id AND status = 'completed'",
        Here, ("$id", id.Value)) is null);

    /// <inheritdoc/>
    public override void Add(DurableTask task)
    {
        link.Execute("""
            INSERT INTO task (election, id, title, description, priority, status, complexity, estimated_hours, tags,
                open_dependencies, key, role, created_by, created_at, updated_at, assigned_to, claimed_at,
                completed_at, attempt, failures, losses, not_before, claim_agent, claim_token, claim_epoch,
                claim_ttl_ms, claim_expires_at, claim_extensions, claim_clock_domain, claim_expires_ns,
                claim_witness_device, claim_witness_inode, notes, summary, issue_number, issue_url, branch,
                quality_score, quality_notes, quality, spec_file, settled_token, checks, evidence,
                needs, stall_ms, time_limit_ms, max_attempts, declines)
            VALUES ($election, $id, $title, $description, $priority, $status, $complexity, $hours, $tags,
                $open, $key, $role, $created_by, $created_at, $updated_at, $assigned_to, $claimed_at,
                $completed_at, $attempt, $failures, $losses, $not_before, $claim_agent, $claim_token, $claim_epoch,
                $claim_ttl, $claim_expires_at, $claim_extensions, $claim_domain, $claim_expires_ns,
                $claim_device, $claim_inode, $notes, $summary, $issue_number, $issue_url, $branch,
                $quality_score, $quality_notes, $quality, $spec_file, $settled_token, $checks, $evidence,
                $needs, $stall, $time_limit, $max_attempts, $declines)
            """, [Here, .. All(task)]);
        Link(task);
    }

    /// <inheritdoc/>
    public override void Replace(DurableTask task) => link.Execute("""
        UPDATE task SET title = $title, description = $description, priority = $priority, status = $status,
            complexity = $complexity, estimated_hours = $hours, tags = $tags, role = $role,
            updated_at = $updated_at, assigned_to = $assigned_to, claimed_at = $claimed_at,
            completed_at = $completed_at, attempt = $attempt, failures = $failures, losses = $losses,
            not_before = $not_before, claim_agent = $claim_agent, claim_token = $claim_token,
            claim_epoch = $claim_epoch, claim_ttl_ms = $claim_ttl, claim_expires_at = $claim_expires_at,
            claim_extensions = $claim_extensions, claim_clock_domain = $claim_domain,
            claim_expires_ns = $claim_expires_ns, claim_witness_device = $claim_device,
            claim_witness_inode = $claim_inode, notes = $notes, summary = $summary, issue_number = $issue_number,
            issue_url = $issue_url, branch = $branch, quality_score = $quality_score,
            quality_notes = $quality_notes, quality = $quality, spec_file = $spec_file, settled_token = $settled_token,
            evidence = $evidence, needs = $needs, stall_ms = $stall, time_limit_ms = $time_limit,
            max_attempts = $max_attempts, declines = $declines
        WHERE election = $election AND id = $id
        """, [Here, .. All(task)]);

    /// <inheritdoc/>
    public override void ReplaceDependencies(DurableTask task)
    {
        link.Execute("DELETE FROM task_dependency WHERE election = $election AND task = $task",
            Here, ("$task", task.Id.Value));
        Link(task);
        link.Execute("UPDATE task SET open_dependencies = $open WHERE election = $election AND id = $task",
            Here, ("$task", task.Id.Value), ("$open", task.OpenDependencies));
    }

    /// <inheritdoc/>
    public override void OpenDependents(TaskId completed) => link.Execute("""
        UPDATE task SET open_dependencies = open_dependencies - 1
        WHERE election = $election AND id IN
            (SELECT task FROM task_dependency WHERE election = $election AND depends_on = $id)
        """, Here, ("$id", completed.Value));

    /// <inheritdoc/>
    public override ImmutableArray<DurableTask> Tasks(TaskQuery query) => Tasks($"""
        {(query.Status is null ? "" : "AND status = $status")}
        {(query.Ready ? IsReady : "")}
        {(query.Tag is null ? "" : "AND EXISTS (SELECT 1 FROM json_each(tags) WHERE value = $tag)")}
        {(query.AssignedTo is null ? "" : """
            AND (assigned_to = $agent OR assigned_to IN
                (SELECT a.id FROM agent a WHERE a.election = $election AND a.name = $agent))
            """)}
        {(query.IdPrefix is null ? "" : HasPrefix)}
        ORDER BY {(query.Ready ? "priority, place" : "place")} LIMIT $limit
        """,
        ("$status", query.Status?.Name()), ("$tag", query.Tag), ("$agent", query.AssignedTo),
        ("$prefix", query.IdPrefix), ("$limit", query.Limit ?? -1));

    private static (string, object?)[] All(DurableTask task) =>
    [
        ("$title", task.Title), ("$description", task.Description), ("$priority", (int)task.Priority),
        ("$complexity", task.Complexity?.Name()), ("$hours", Text(task.EstimatedHours)),
        ("$tags", WorkJson.Words(task.Tags)), ("$open", task.OpenDependencies), ("$key", task.Key),
        ("$role", task.Role), ("$created_by", task.CreatedBy), ("$created_at", Milliseconds(task.CreatedAt)),
        ("$issue_number", task.GithubIssue?.Number), ("$issue_url", task.GithubIssue?.Url),
        ("$branch", task.Branch), ("$quality_score", Text(task.QualityScore)),
        ("$quality_notes", task.QualityNotes), ("$quality", task.Quality?.ToJson()), ("$spec_file", task.SpecFile),
        ("$id", task.Id.Value), ("$status", task.Status.Name()), ("$updated_at", Milliseconds(task.UpdatedAt)),
        ("$assigned_to", task.AssignedTo), ("$claimed_at", Milliseconds(task.ClaimedAt)),
        ("$completed_at", Milliseconds(task.CompletedAt)), ("$attempt", task.Attempt), ("$failures", task.Failures),
        ("$losses", task.Losses), ("$not_before", Milliseconds(task.NotBefore)),
        ("$claim_agent", task.Claim?.Agent.Value), ("$claim_token", task.Claim?.Token),
        ("$claim_epoch", task.Claim?.Epoch.Value),
        ("$claim_ttl", task.Claim is { } claim ? Milliseconds(claim.Ttl) : null),
        ("$claim_expires_at", Milliseconds(task.Claim?.ExpiresAt)), ("$claim_extensions", task.Claim?.Extensions),
        ("$claim_domain", task.Claim?.Expiry?.Domain.Value),
        ("$claim_expires_ns", task.Claim?.Expiry?.At.Nanoseconds),
        ("$claim_device", task.Claim?.Witness?.Device), ("$claim_inode", task.Claim?.Witness?.Inode),
        ("$notes", WorkJson.Notes(task.Notes)), ("$summary", task.Summary),
        ("$settled_token", task.SettledToken), ("$checks", WorkJson.Words(task.Checks)),
        ("$evidence", WorkJson.Evidence(task.Evidence)),
        ("$needs", WorkJson.Words(task.Needs)),
        ("$stall", Milliseconds(task.Stall)), ("$time_limit", Milliseconds(task.TimeLimit)),
        ("$max_attempts", task.MaxAttempts), ("$declines", task.Declines),
    ];

    private void Link(DurableTask task)
    {
        for (var i = 0; i < task.DependsOn.Length; i++)
        {
            // A record of another system may name one dependency twice.
            link.Execute("""
                INSERT INTO task_dependency (election, task, depends_on, place) VALUES ($election, $task, $on, $place)
                ON CONFLICT DO NOTHING
                """,
                Here, ("$task", task.Id.Value), ("$on", task.DependsOn[i].Value), ("$place", i));
        }
    }

    private ImmutableArray<DurableTask> Tasks(string which, params ReadOnlySpan<(string, object?)> parameters)
    {
        using var rows = link.Command(
            $"SELECT {Columns} FROM task WHERE election = $election {which}", [Here, .. parameters]).ExecuteReader();
        var tasks = ImmutableArray.CreateBuilder<DurableTask>();
        while (rows.Read())
        {
            tasks.Add(Row(rows));
        }

        return tasks.ToImmutable();
    }

    private static DurableTask? One(ImmutableArray<DurableTask> tasks) => tasks.IsEmpty ? null : tasks[0];

    private static DurableTask Row(SqliteDataReader row) => new(new(row.GetString(0)), row.GetString(1))
    {
        Description = row.GetString(2),
        Priority = (TaskPriority)row.GetInt32(3),
        Status = TaskNames.ParseStatus(row.GetString(4)) ?? throw Unknown("status of a task", row.GetString(4)),
        Complexity = TaskNames.ParseComplexity(Text(row, 5)),
        EstimatedHours = Decimal(row, 6),
        Tags = WorkJson.Words(row.GetString(7)),
        OpenDependencies = row.GetInt32(8),
        Key = Text(row, 9),
        Role = Text(row, 10),
        CreatedBy = row.GetString(11),
        CreatedAt = At(row.GetInt64(12)),
        UpdatedAt = At(row.GetInt64(13)),
        AssignedTo = Text(row, 14),
        ClaimedAt = Time(row, 15),
        CompletedAt = Time(row, 16),
        Attempt = row.GetInt32(17),
        Failures = row.GetInt32(18),
        Losses = row.GetInt32(19),
        NotBefore = Time(row, 20),
        Claim = row.IsDBNull(21) ? null : ClaimOf(row),
        Notes = WorkJson.Notes(row.GetString(31)),
        Summary = Text(row, 32),
        GithubIssue = row.IsDBNull(33) && row.IsDBNull(34) ? null : new((int?)Number(row, 33), Text(row, 34)),
        Branch = Text(row, 35),
        QualityScore = Decimal(row, 36),
        QualityNotes = Text(row, 37),
        SpecFile = Text(row, 38),
        SettledToken = Text(row, 39),
        DependsOn = [.. (Text(row, 40) ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Select(id => new TaskId(id))],
        Quality = Text(row, 41) is { } quality ? Assessment.Parse(quality) : null,
        Checks = WorkJson.Words(row.GetString(42)),
        Evidence = WorkJson.Evidence(Text(row, 43)),
        Needs = WorkJson.Words(row.GetString(44)),
        Stall = row.IsDBNull(45) ? null : Span(row, 45),
        TimeLimit = row.IsDBNull(46) ? null : Span(row, 46),
        MaxAttempts = (int?)Number(row, 47),
        Declines = row.GetInt32(48),
    };

    private static ClaimState ClaimOf(SqliteDataReader row) =>
        new(new(row.GetString(21)), row.GetString(22), new(row.GetInt64(23)), Span(row, 24))
        {
            ExpiresAt = At(row.GetInt64(25)),
            Extensions = row.GetInt64(26),
            Expiry = Expiry(row, 27),
            Witness = Identity(row, 29),
        };

    private static string? Text(decimal? number) => number?.ToString(CultureInfo.InvariantCulture);

    private static long? Milliseconds(TimeSpan? span) => span is { } some ? Milliseconds(some) : null;

    private static long? Milliseconds(DateTimeOffset? at) => at is { } time ? Milliseconds(time) : null;
}
