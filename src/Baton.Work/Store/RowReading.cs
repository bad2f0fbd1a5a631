using System.Data.Common;
using System.Globalization;

namespace Baton.Work;

/// <summary>
/// What the rows of a driver with SQL tables say: which columns make up a record, in which order, and what they mean.
/// Times and spans are whole milliseconds, boot times nanoseconds; a column that does not apply is NULL.
/// </summary>
public static class RowReading
{
    /// <summary>The columns of a task; behind them come the tasks it waits for, parted by spaces.</summary>
    public const string TaskColumns = """
        id, title, description, priority, status, complexity, estimated_hours, tags, open_dependencies, key, role,
        created_by, created_at, updated_at, assigned_to, claimed_at, completed_at, attempt, failures, losses,
        not_before, claim_agent, claim_token, claim_epoch, claim_ttl_ms, claim_expires_at, claim_extensions,
        claim_clock_domain, claim_expires_ns, claim_witness_device, claim_witness_inode, notes, summary,
        issue_number, issue_url, branch, quality_score, quality_notes, spec_file, settled_token,
        quality, checks, evidence, needs, stall_ms, time_limit_ms, max_attempts, declines
        """;

    /// <summary>The columns of an agent; behind them comes the task it holds.</summary>
    public const string AgentColumns = """
        id, name, role, status, host, pid, process_start, started_at, last_seen_at, beats, ttl_ms,
        clock_domain, expires_ns, witness_device, witness_inode, self_reported, is_pooled, can
        """;

    /// <summary>The columns of a message.</summary>
    public const string MessageColumns =
        "seq, id, at, sender, audience, recipient, type, subject, body, reply_to, data, read_by";

    /// <summary>The columns of an event.</summary>
    public const string EventColumns = "seq, at, type, actor, subject, message, epoch, data";

    /// <summary>The columns of what a leader is asked for.</summary>
    public const string RequestColumns = "number, kind, asked_by, epoch, agent";

    /// <summary>Reads <see cref="TaskColumns"/>, and behind them what the task waits for.</summary>
    /// <exception cref="StoreUnavailableException">It has a status that this program does not know.</exception>
    public static DurableTask ReadTask(this DbDataReader row) => new(new(row.GetString(0)), row.GetString(1))
    {
        Description = row.GetString(2),
        Priority = (TaskPriority)row.GetInt32(3),
        Status = row.ReadTaskStatus(4),
        Complexity = TaskNames.ParseComplexity(row.ReadText(5)),
        EstimatedHours = row.ReadDecimal(6),
        Tags = WorkJson.Words(row.GetString(7)),
        OpenDependencies = row.GetInt32(8),
        Key = row.ReadText(9),
        Role = row.ReadText(10),
        CreatedBy = row.GetString(11),
        CreatedAt = Time(row.GetInt64(12)),
        UpdatedAt = Time(row.GetInt64(13)),
        AssignedTo = row.ReadText(14),
        ClaimedAt = row.ReadTime(15),
        CompletedAt = row.ReadTime(16),
        Attempt = row.GetInt32(17),
        Failures = row.GetInt32(18),
        Losses = row.GetInt32(19),
        NotBefore = row.ReadTime(20),
        Claim = row.IsDBNull(21) ? null : row.ReadClaim(),
        Notes = WorkJson.Notes(row.GetString(31)),
        Summary = row.ReadText(32),
        GithubIssue = row.IsDBNull(33) && row.IsDBNull(34) ? null : new((int?)row.ReadNumber(33), row.ReadText(34)),
        Branch = row.ReadText(35),
        QualityScore = row.ReadDecimal(36),
        QualityNotes = row.ReadText(37),
        SpecFile = row.ReadText(38),
        SettledToken = row.ReadText(39),
        Quality = row.ReadText(40) is { } quality ? Assessment.Parse(quality) : null,
        Checks = WorkJson.Words(row.GetString(41)),
        Evidence = WorkJson.Evidence(row.ReadText(42)),
        Needs = WorkJson.Words(row.GetString(43)),
        Stall = row.ReadSpan(44),
        TimeLimit = row.ReadSpan(45),
        MaxAttempts = (int?)row.ReadNumber(46),
        Declines = row.GetInt32(47),
        DependsOn = [.. (row.ReadText(48) ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Select(id => new TaskId(id))],
    };

    /// <summary>Reads <see cref="AgentColumns"/>, and behind them the task it holds.</summary>
    /// <exception cref="StoreUnavailableException">It has a status that this program does not know.</exception>
    public static Agent ReadAgent(this DbDataReader row) =>
        new(new(row.GetString(0)), row.GetString(1), row.GetString(2))
        {
            Status = TaskNames.ParseAgentStatus(row.GetString(3)) ?? throw Unknown("status of an agent", row.GetString(3)),
            Host = row.GetString(4),
            Pid = row.GetInt32(5),
            ProcessStart = row.GetInt64(6),
            StartedAt = Time(row.GetInt64(7)),
            LastSeenAt = Time(row.GetInt64(8)),
            Beats = row.GetInt64(9),
            Ttl = Span(row.GetInt64(10)),
            Expiry = row.ReadExpiry(11),
            Witness = row.ReadIdentity(13),
            SelfReported = row.GetBoolean(15),
            IsPooled = row.GetBoolean(16),
            Can = WorkJson.Words(row.GetString(17)),
            Task = row.ReadText(18) is { } task ? new TaskId(task) : null,
        };

    /// <summary>Reads <see cref="MessageColumns"/>.</summary>
    /// <exception cref="StoreUnavailableException">It goes to an audience that this program does not know.</exception>
    public static Message ReadMessage(this DbDataReader row) =>
        new(row.GetInt64(0), Time(row.GetInt64(2)), new(new(row.GetString(1)), row.GetString(3),
            Audience.Of(row.GetString(4), row.ReadText(5)) ?? throw Unknown("kind of audience", row.GetString(4)),
            row.GetString(8))
        {
            Type = row.ReadText(6),
            Subject = row.ReadText(7),
            ReplyTo = row.ReadText(9) is { } answered ? new MessageId(answered) : null,
            Data = row.ReadText(10),
        })
        {
            ReadBy = row.ReadText(11) is { } readers ? WorkJson.Words(readers) : null,
        };

    /// <summary>
    /// Reads <see cref="EventColumns"/>; null for a type of a later program, whose readers go on with the next.
    /// </summary>
    public static WorkEvent? ReadEvent(this DbDataReader row) => EventTypes.Parse(row.GetString(2)) is not { } type ? null
        : new(row.GetInt64(0), Time(row.GetInt64(1)), new(type, row.GetString(3), row.GetString(4), row.GetString(5),
            row.ReadNumber(6) is { } epoch ? new Epoch(epoch) : null)
        {
            Data = WorkJson.Facts(row.ReadText(7)),
        });

    /// <summary>Reads <see cref="RequestColumns"/>.</summary>
    public static LeaderRequest ReadRequest(this DbDataReader row) =>
        new(Enum.Parse<RequestKind>(row.GetString(1), ignoreCase: true), row.GetString(2))
        {
            Number = row.GetInt64(0),
            Epoch = row.ReadNumber(3) is { } epoch ? new Epoch(epoch) : null,
            Agent = row.ReadText(4) is { } agent ? new AgentId(agent) : null,
        };

    /// <summary>A task's status.</summary>
    /// <exception cref="StoreUnavailableException">It is one that this program does not know.</exception>
    public static DurableTaskStatus ReadTaskStatus(this DbDataReader row, int at) =>
        TaskNames.ParseStatus(row.GetString(at)) ?? throw Unknown("status of a task", row.GetString(at));

    /// <summary>A text, or nothing.</summary>
    public static string? ReadText(this DbDataReader row, int at) => row.IsDBNull(at) ? null : row.GetString(at);

    /// <summary>A whole number, or nothing.</summary>
    public static long? ReadNumber(this DbDataReader row, int at) => row.IsDBNull(at) ? null : row.GetInt64(at);

    /// <summary>A time, or nothing.</summary>
    public static DateTimeOffset? ReadTime(this DbDataReader row, int at) =>
        row.IsDBNull(at) ? null : Time(row.GetInt64(at));

    /// <summary>The time that a column names.</summary>
    public static DateTimeOffset Time(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);

    private static ClaimState ReadClaim(this DbDataReader row) =>
        new(new(row.GetString(21)), row.GetString(22), new(row.GetInt64(23)), Span(row.GetInt64(24)))
        {
            ExpiresAt = Time(row.GetInt64(25)),
            Extensions = row.GetInt64(26),
            Expiry = row.ReadExpiry(27),
            Witness = row.ReadIdentity(29),
        };

    private static decimal? ReadDecimal(this DbDataReader row, int at) =>
        row.ReadText(at) is { } text ? decimal.Parse(text, CultureInfo.InvariantCulture) : null;

    private static TimeSpan? ReadSpan(this DbDataReader row, int at) =>
        row.IsDBNull(at) ? null : Span(row.GetInt64(at));

    private static LeaseExpiry? ReadExpiry(this DbDataReader row, int at) =>
        row.IsDBNull(at) ? null : new(new(row.GetString(at)), new(row.GetInt64(at + 1)));

    private static FileIdentity? ReadIdentity(this DbDataReader row, int at) =>
        row.IsDBNull(at) ? null : new(row.GetInt64(at), row.GetInt64(at + 1));

    private static TimeSpan Span(long milliseconds) => TimeSpan.FromMilliseconds(milliseconds);

    private static StoreUnavailableException Unknown(string what, string word) =>
        new(StoreFault.Damaged, $"the store has a {what} that this program does not know: '{word}'");
}
