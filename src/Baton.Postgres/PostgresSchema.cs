using System.Collections.Immutable;
using System.Text.RegularExpressions;

namespace Baton.Postgres;

/// <summary>
/// The tables. Times are milliseconds since 1970 (wall clock of whoever wrote, display), expiries boot-clock
/// nanoseconds; <c>heard_at</c> alone is the server's clock, and serves display alone. What is compared or ordered by
/// bytes says so: a database may sort words by another rule.
/// </summary>
internal static partial class PostgresSchema
{
    /// <summary>The version that this program writes and reads.</summary>
    public const int Version = 1;

    /// <summary>The names of all tables.</summary>
    public static ImmutableArray<string> TableNames { get; } =
        [.. TableName().Matches($"{Leases}\n{Work}").Select(match => match.Groups[1].Value)];

    /// <summary>The names of all tables, as the rows of a VALUES list.</summary>
    public static string Tables { get; } = string.Join(", ", TableNames.Select(name => $"('{name}')"));

    public const string Leases = """
        CREATE TABLE meta (
            name text PRIMARY KEY,
            value text NOT NULL
        );
        CREATE TABLE lease (
            election text PRIMARY KEY,
            epoch bigint NOT NULL DEFAULT 0,
            holder text,
            renewals bigint NOT NULL DEFAULT 0,
            nonce bigint NOT NULL DEFAULT 0,
            host text NOT NULL DEFAULT '',
            pid integer NOT NULL DEFAULT 0,
            process_start bigint NOT NULL DEFAULT 0,
            witness_device bigint,
            witness_inode bigint,
            ttl_ms bigint NOT NULL DEFAULT 0,
            began_at bigint NOT NULL DEFAULT 0,
            renewed_at bigint NOT NULL DEFAULT 0,
            heard_at timestamptz,
            ended_by text,
            server text
        );
        CREATE TABLE term (
            election text NOT NULL,
            epoch bigint NOT NULL,
            holder text NOT NULL,
            host text NOT NULL,
            pid integer NOT NULL,
            ttl_ms bigint NOT NULL,
            began_at bigint NOT NULL,
            ended_at bigint,
            ended_by text,
            server text NOT NULL,
            PRIMARY KEY (election, epoch)
        );
        CREATE TABLE revoked (
            election text NOT NULL,
            holder text NOT NULL,
            PRIMARY KEY (election, holder)
        );
        """;

    // head: whoever writes to the log of an election updates its row first, as late as can be, and holds it
    // until it commits; so the numbers of events and of messages grow in the order in which they can be read.
    // The tallies are written under it too: counting a million finished tasks at each look would make every face
    // slow. Words in a partial index must stand in its queries as they are here.
    public const string Work = """
        CREATE TABLE fence (
            election text PRIMARY KEY,
            epoch bigint NOT NULL,
            holder text,
            lease_store_id text
        );
        CREATE TABLE head (
            election text PRIMARY KEY,
            version bigint NOT NULL,
            seq bigint NOT NULL,
            message_seq bigint NOT NULL
        ) WITH (fillfactor = 10);
        CREATE TABLE alarm (
            election text PRIMARY KEY,
            at bigint NOT NULL,
            known_epoch bigint NOT NULL,
            floor_epoch bigint NOT NULL
        );
        CREATE TABLE tally (
            election text NOT NULL,
            name text NOT NULL,
            count bigint NOT NULL,
            last_at bigint,
            PRIMARY KEY (election, name)
        ) WITH (fillfactor = 10);
        CREATE TABLE task (
            place bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
            election text NOT NULL,
            id text COLLATE "C" NOT NULL,
            key text COLLATE "C",
            title text NOT NULL,
            description text NOT NULL,
            priority integer NOT NULL,
            status text NOT NULL,
            complexity text,
            estimated_hours text,
            tags text NOT NULL,
            role text,
            open_dependencies integer NOT NULL,
            created_by text NOT NULL,
            created_at bigint NOT NULL,
            updated_at bigint NOT NULL,
            assigned_to text,
            claimed_at bigint,
            completed_at bigint,
            attempt integer NOT NULL,
            failures integer NOT NULL,
            losses integer NOT NULL,
            not_before bigint,
            claim_agent text,
            claim_token text,
            claim_epoch bigint,
            claim_ttl_ms bigint,
            claim_expires_at bigint,
            claim_clock_domain text,
            claim_expires_ns bigint,
            claim_extensions bigint,
            claim_witness_device bigint,
            claim_witness_inode bigint,
            notes text NOT NULL,
            summary text,
            issue_number bigint,
            issue_url text,
            branch text,
            quality_score text,
            quality_notes text,
            quality text,
            spec_file text,
            settled_token text,
            checks text NOT NULL DEFAULT '[]',
            evidence text,
            needs text NOT NULL DEFAULT '[]',
            stall_ms bigint,
            time_limit_ms bigint,
            max_attempts bigint,
            declines integer NOT NULL DEFAULT 0,
            UNIQUE (election, id)
        );
        CREATE UNIQUE INDEX task_key ON task (election, key) WHERE key IS NOT NULL;
        CREATE INDEX task_ready ON task (election, priority, place) WHERE status = 'pending' AND open_dependencies = 0;
        CREATE INDEX task_active ON task (election, claimed_at, place) WHERE status = 'in_progress';
        CREATE INDEX task_status ON task (election, status, place);
        CREATE INDEX task_claim ON task (election, claim_agent) WHERE claim_agent IS NOT NULL;
        CREATE TABLE task_dependency (
            election text NOT NULL,
            task text COLLATE "C" NOT NULL,
            depends_on text COLLATE "C" NOT NULL,
            place integer NOT NULL,
            PRIMARY KEY (election, task, depends_on)
        );
        CREATE INDEX task_dependent ON task_dependency (election, depends_on);
        CREATE SEQUENCE departure;
        CREATE TABLE agent (
            election text NOT NULL,
            id text COLLATE "C" NOT NULL,
            name text NOT NULL,
            role text NOT NULL,
            status text NOT NULL,
            host text NOT NULL,
            pid integer NOT NULL,
            process_start bigint NOT NULL,
            started_at bigint NOT NULL,
            last_seen_at bigint NOT NULL,
            heard_at timestamptz NOT NULL,
            beats bigint NOT NULL,
            ttl_ms bigint NOT NULL,
            clock_domain text,
            expires_ns bigint,
            witness_device bigint,
            witness_inode bigint,
            self_reported boolean NOT NULL,
            is_pooled boolean NOT NULL,
            can text NOT NULL DEFAULT '[]',
            left_as bigint,
            PRIMARY KEY (election, id)
        );
        CREATE INDEX agent_roster ON agent (election, started_at, id) WHERE left_as IS NULL;
        CREATE INDEX agent_gone ON agent (election, left_as) WHERE left_as IS NOT NULL;
        CREATE INDEX agent_name ON agent (election, name);
        CREATE TABLE request (
            number bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
            election text NOT NULL,
            kind text NOT NULL,
            asked_by text NOT NULL,
            epoch bigint,
            agent text
        );
        CREATE TABLE event (
            election text NOT NULL,
            seq bigint NOT NULL,
            at bigint NOT NULL,
            type text NOT NULL,
            actor text NOT NULL,
            subject text NOT NULL,
            message text NOT NULL,
            epoch bigint,
            data text,
            PRIMARY KEY (election, seq)
        );
        CREATE INDEX event_type ON event (election, type, seq);
        CREATE INDEX event_subject ON event (election, subject, seq);
        CREATE TABLE message (
            election text NOT NULL,
            seq bigint NOT NULL,
            id text COLLATE "C" NOT NULL,
            at bigint NOT NULL,
            sender text NOT NULL,
            audience text NOT NULL,
            recipient text,
            type text,
            subject text,
            body text NOT NULL,
            reply_to text,
            data text,
            read_by text,
            PRIMARY KEY (election, seq)
        );
        CREATE UNIQUE INDEX message_id ON message (election, id);
        CREATE TABLE reader (
            election text NOT NULL,
            reader text NOT NULL,
            role text NOT NULL,
            name text NOT NULL,
            since bigint NOT NULL,
            read_up_to bigint NOT NULL,
            PRIMARY KEY (election, reader, role)
        );
        CREATE INDEX reader_name ON reader (election, name);
        """;

    [GeneratedRegex(@"CREATE TABLE (\w+)")]
    private static partial Regex TableName();
}
