using System.Collections.Immutable;
using System.Data.Common;
using Baton.Work;

namespace Baton.Sqlite;

/// <summary>
/// The rows of one election within one transaction. Nobody writes beside it; the tallies are counted by triggers, and
/// the tables number events and messages.
/// </summary>
internal sealed class SqliteWorkRows(SqliteLink link, ElectionName election) : SqlWorkRows(election)
{
    private static readonly SqlDialect Words = new()
    {
        Joins = "group_concat",
        Greatest = "max",
        NeedsAreMet = """
            NOT EXISTS (SELECT 1 FROM json_each(needs) n
                WHERE n.value NOT IN (SELECT c.value FROM json_each(@can) c))
            """,
        IsTagged = "EXISTS (SELECT 1 FROM json_each(tags) WHERE value = @tag)",
        IsReadByReader = "EXISTS (SELECT 1 FROM json_each(read_by) WHERE value IN (@reader, @name))",
        IsReadByRecipient = "EXISTS (SELECT 1 FROM json_each(read_by) WHERE value = recipient)",
    };

    /// <inheritdoc/>
    public override long LastMessage => (long)link.Scalar("""
        SELECT coalesce((SELECT seq FROM message WHERE election = @election ORDER BY seq DESC LIMIT 1), 0)
        """, Here)!;

    /// <inheritdoc/>
    protected override SqlDialect Dialect => Words;

    /// <inheritdoc/>
    protected override long LastEvent => (long)link.Scalar("SELECT coalesce(max(seq), 0) FROM event")!;

    /// <inheritdoc/>
    public override DurableTask? FirstReady(Skills skills, DateTimeOffset now) => One(Tasks($"""
        {IsReady} {Fits} AND (not_before IS NULL OR not_before <= @now OR not_before > @latest)
        ORDER BY priority, place LIMIT 1
        """, Asked(skills, now)));

    /// <inheritdoc/>
    public override int OpenAmong(ImmutableArray<TaskId> tasks) => tasks.Count(id => link.Scalar(
        "SELECT 1 FROM task WHERE election = @election AND id = @id AND status = 'completed'",
        Here, ("id", id.Value)) is null);

    /// <inheritdoc/>
    public override void OpenDependents(TaskId completed) => link.Execute("""
        UPDATE task SET open_dependencies = open_dependencies - 1
        WHERE election = @election AND id IN
            (SELECT task FROM task_dependency WHERE election = @election AND depends_on = @id)
        """, Here, ("id", completed.Value));

    /// <inheritdoc/>
    public override void Put(Agent agent) => link.Execute("""
        INSERT INTO agent (election, id, name, role, status, host, pid, process_start, started_at, last_seen_at,
            beats, ttl_ms, clock_domain, expires_ns, witness_device, witness_inode, self_reported, is_pooled, can, left_as)
        VALUES (@election, @id, @name, @role, @status, @host, @pid, @start, @started, @seen,
            @beats, @ttl, @domain, @expires, @device, @inode, @self, @pooled, @can,
            CASE WHEN @on_roster THEN NULL ELSE
                (SELECT coalesce(max(left_as), 0) + 1 FROM agent WHERE election = @election AND left_as IS NOT NULL)
            END)
        ON CONFLICT (election, id) DO UPDATE SET
            status = excluded.status, last_seen_at = excluded.last_seen_at, beats = excluded.beats,
            clock_domain = excluded.clock_domain, expires_ns = excluded.expires_ns,
            witness_device = excluded.witness_device, witness_inode = excluded.witness_inode,
            left_as = CASE WHEN excluded.left_as IS NULL THEN NULL ELSE coalesce(left_as, excluded.left_as) END
        """, [Here, .. ValuesOf(agent)]);

    /// <inheritdoc/>
    public override void Append(EventDraft draft, DateTimeOffset at) => link.Execute("""
        INSERT INTO event (election, at, type, actor, subject, message, epoch, data)
        VALUES (@election, @at, @type, @actor, @subject, @message, @epoch, @data)
        """, [Here, .. ValuesOf(draft, at)]);

    /// <inheritdoc/>
    public override void Append(Message message) => link.Execute(
        // A number is never given twice, not even the last one's after that was dropped.
        """
        INSERT INTO message (seq, election, id, at, sender, audience, recipient, type, subject, body, reply_to,
            data, read_by)
        SELECT next, @election, coalesce(@id, @prefix || next), @at, @from, @audience, @to, @type, @subject, @body,
            @reply, @data, @read
        FROM (SELECT 1 + coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'message'), 0) AS next)
        """, [Here, .. ValuesOf(message)]);

    /// <inheritdoc/>
    protected override void Run(string sql, params ReadOnlySpan<(string Name, object? Value)> parameters) =>
        link.Execute(sql, parameters);

    /// <inheritdoc/>
    protected override T Ask<T>(string sql, Func<DbDataReader, T> read,
        params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        using var rows = link.Command(sql, parameters).ExecuteReader();
        return read(rows);
    }
}
