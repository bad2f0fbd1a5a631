using System.Data.Common;
using System.Globalization;
using Npgsql;

namespace Baton.Postgres;

/// <summary>What a transaction is to see and how long it may wait.</summary>
internal sealed record PostgresOrder
{
    /// <summary>A write that need not survive a crash of the server: the next one makes it good.</summary>
    public bool IsLasting { get; init; } = true;

    /// <summary>A read of one moment.</summary>
    public bool IsRead { get; init; }

    /// <summary>How long one statement may take.</summary>
    public TimeSpan StatementTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long one lock may be waited for.</summary>
    public TimeSpan LockTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The name under which the server lists the session meanwhile.</summary>
    public string? Name { get; init; }
}

/// <summary>
/// The statements of one transaction on one connection. What gives no answer waits, and travels with the next
/// question or with the commit, so that a transaction takes few round trips. All settings are those of the
/// transaction, never of the session: behind a pooler the session is not one's own.
/// </summary>
internal sealed class PostgresSteps(NpgsqlConnection connection, string schema) : IDisposable
{
    /// <summary>The server's clock, which decides nothing: it stamps what is shown of those of other hosts.</summary>
    public const string ServerTime = "clock_timestamp()";

    /// <summary>Milliseconds since whom a row tells of was heard, by the server's clock.</summary>
    public const string SilentFor = $"(extract(epoch FROM {ServerTime} - heard_at) * 1000)::bigint";

    // A client that stops in the middle of a transaction must not keep its locks for long.
    private static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(5);

    private NpgsqlBatch _batch = new(connection);
    private int _answersBefore;

    /// <summary>Opens the transaction, with the first statement that is sent.</summary>
    public void Begin(PostgresOrder order)
    {
        // All is said: a role or a database may have other defaults.
        Later(order.IsRead
            ? "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY" : "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE");
        AskLater("""
            SELECT set_config('search_path', @schema, true), set_config('synchronous_commit', @sync, true),
                set_config('statement_timeout', @statement, true), set_config('lock_timeout', @lock, true),
                set_config('idle_in_transaction_session_timeout', @silence, true)
            """,
            ("schema", schema), ("sync", order.IsLasting ? "on" : "off"),
            ("statement", Milliseconds(order.StatementTimeout)), ("lock", Milliseconds(order.LockTimeout)),
            ("silence", Milliseconds(LongestSilence)));
        if (order.Name is { } name)
        {
            AskLater("SELECT set_config('application_name', @name, true)", ("name", name));
        }
    }

    /// <summary>A statement that gives no rows; sent with what comes after it.</summary>
    public void Later(string sql, params ReadOnlySpan<(string Name, object? Value)> parameters) =>
        _batch.BatchCommands.Add(Statement(sql, parameters));

    /// <summary>A statement whose rows nobody wants, as one that only locks.</summary>
    public void AskLater(string sql, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        Later(sql, parameters);
        _answersBefore++;
    }

    /// <summary>Sends all that waits, and reads the rows of this statement.</summary>
    public T Ask<T>(string sql, Func<NpgsqlDataReader, T> read,
        params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        Later(sql, parameters);
        using var reader = Send();
        return read(reader);
    }

    /// <summary>The first column of the first row; null where there is none.</summary>
    public object? Scalar(string sql, params ReadOnlySpan<(string Name, object? Value)> parameters) =>
        Ask(sql, reader => reader.Read() && !reader.IsDBNull(0) ? reader.GetValue(0) : null, parameters);

    /// <summary>Sends all that waits, reads the rows of this statement, and commits in the same round trip.</summary>
    public T AskAndCommit<T>(string sql, Func<NpgsqlDataReader, T> read,
        params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        Later(sql, parameters);
        Later("COMMIT");
        using var reader = Send();
        var answer = read(reader);
        while (reader.NextResult())
        {
            // The commit has its say after the last row.
        }

        return answer;
    }

    /// <summary>Sends all that waits, and commits. How many rows each of the statements touched.</summary>
    public void Commit()
    {
        Later("COMMIT");
        _batch.ExecuteNonQuery();
        Renew();
    }

    public void Dispose() => _batch.Dispose();

    private NpgsqlDataReader Send()
    {
        var skip = _answersBefore;
        var reader = _batch.ExecuteReader();
        try
        {
            for (; skip > 0; skip--)
            {
                reader.NextResult();
            }
        }
        catch
        {
            reader.Dispose();
            throw;
        }

        Renew();
        return reader;
    }

    private void Renew()
    {
        _batch = new(connection);
        _answersBefore = 0;
    }

    private static NpgsqlBatchCommand Statement(string sql, ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        var command = new NpgsqlBatchCommand(sql);
        foreach (var (name, value) in parameters)
        {
            command.Parameters.Add(new NpgsqlParameter(name, value switch
            {
                null => DBNull.Value,
                string text => Storable(text),
                _ => value,
            }));
        }

        return command;
    }

    // The server keeps neither a NUL nor half a surrogate pair in a text.
    private static string Storable(string text)
    {
        var isSound = true;
        for (var i = 0; i < text.Length && isSound; i++)
        {
            if (char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
            {
                i++;
            }
            else
            {
                isSound = text[i] != '\0' && !char.IsSurrogate(text[i]);
            }
        }

        return isSound ? text : string.Concat(text.EnumerateRunes().Select(rune =>
            rune.Value == 0 ? System.Text.Rune.ReplacementChar.ToString() : rune.ToString()));
    }

    private static string Milliseconds(TimeSpan span) =>
        Math.Max(1, (long)span.TotalMilliseconds).ToString(CultureInfo.InvariantCulture);

    /// <summary>What <see cref="SilentFor"/> says; null where nobody was heard.</summary>
    public static TimeSpan? Silence(DbDataReader row, int column) =>
        row.IsDBNull(column) ? null : TimeSpan.FromMilliseconds(row.GetInt64(column));
}
