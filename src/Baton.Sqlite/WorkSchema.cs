namespace Baton.Sqlite;

/// <summary>
/// The tables of the work store. Times are milliseconds since 1970 (wall clock), expiries boot-clock
/// nanoseconds.
/// </summary>
internal static class WorkSchema
{
    // The tallies are kept by triggers, so that no statement can forget them: counting a million finished
    // tasks
    // at each look would make every face slow. Literals in a partial index must stand in its queries as they
    // are here.
    public const string Sql = """
        CREATE TABLE fence (
            election TEXT PRIMARY KEY,
            epoch INTEGER NOT NULL,
            holder TEXT,
            lease_store_id TEXT
        ) STRICT;
        CREATE TABLE alarm (
            election TEXT PRIMARY KEY,
            at INTEGER NOT NULL,
            known_epoch INTEGER NOT NULL,
            floor_epoch INTEGER NOT NULL
        ) STRICT;
        CREATE TABLE tally (
            election TEXT NOT NULL,
            name TEXT NOT NULL,
            count INTEGER NOT NULL,
            last_at INTEGER,
            PRIMARY KEY (election, name)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE task (
            place INTEGER PRIMARY KEY,
            election TEXT NOT NULL,
            id TEXT NOT NULL,
            key TEXT,
            title TEXT NOT NULL,
            description TEXT NOT NULL,
            priority INTEGER NOT NULL,
            status TEXT NOT NULL,
            complexity TEXT,
            estimated_hours TEXT,
            tags TEXT NOT NULL,
            role TEXT,
            open_dependencies INTEGER NOT NULL,
            created_by TEXT NOT NULL,
            created_at INTEGER NOT NULL,
            updated_at INTEGER NOT NULL,
            assigned_to TEXT,
            claimed_at INTEGER,
            completed_at INTEGER,
            attempt INTEGER NOT NULL,
            failures INTEGER NOT NULL,
            losses INTEGER NOT NULL,
            not_before INTEGER,
            claim_agent TEXT,
            claim_token TEXT,
            claim_epoch INTEGER,
            claim_ttl_ms INTEGER,
            claim_expires_at INTEGER,
            claim_clock_domain TEXT,
            claim_expires_ns INTEGER,
            claim_extensions INTEGER,
            claim_witness_device INTEGER,
            claim_witness_inode INTEGER,
            notes TEXT NOT NULL,
            summary TEXT,
            issue_number INTEGER,
            issue_url TEXT,
            branch TEXT,
            quality_score TEXT,
            quality_notes TEXT,
            quality TEXT,
            spec_file TEXT,
            settled_token TEXT,
            checks TEXT NOT NULL DEFAULT '[]',
            evidence TEXT,
            needs TEXT NOT NULL DEFAULT '[]',
            stall_ms INTEGER,
            time_limit_ms INTEGER,
            max_attempts INTEGER,
            declines INTEGER NOT NULL DEFAULT 0,
            standing TEXT NOT NULL GENERATED ALWAYS AS (
                CASE WHEN status = 'pending' AND open_dependencies = 0 THEN 'ready' ELSE status END) VIRTUAL,
            UNIQUE (election, id)
        ) STRICT;
        CREATE UNIQUE INDEX task_key ON task (election, key) WHERE key IS NOT NULL;
        CREATE INDEX task_status ON task (election, status);
        CREATE INDEX task_ready ON task (election, priority) WHERE status = 'pending' AND open_dependencies = 0;
        CREATE INDEX task_claim ON task (election, claim_agent) WHERE claim_agent IS NOT NULL;
        CREATE TRIGGER task_added AFTER INSERT ON task BEGIN
            INSERT INTO tally (election, name, count) VALUES (NEW.election, NEW.standing, 1)
            ON CONFLICT (election, name) DO UPDATE SET count = count + 1;
        END;
        CREATE TRIGGER task_moved AFTER UPDATE OF status, open_dependencies ON task
        WHEN OLD.standing <> NEW.standing BEGIN
            UPDATE tally SET count = count - 1 WHERE election = OLD.election AND name = OLD.standing;
            INSERT INTO tally (election, name, count) VALUES (NEW.election, NEW.standing, 1)
            ON CONFLICT (election, name) DO UPDATE SET count = count + 1;
        END;
        CREATE TABLE task_dependency (
            election TEXT NOT NULL,
            task TEXT NOT NULL,
            depends_on TEXT NOT NULL,
            place INTEGER NOT NULL,
            PRIMARY KEY (election, task, depends_on)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX task_dependent ON task_dependency (election, depends_on);
        CREATE TABLE agent (
            election TEXT NOT NULL,
            id TEXT NOT NULL,
            name TEXT NOT NULL,
            role TEXT NOT NULL,
            status TEXT NOT NULL,
            host TEXT NOT NULL,
            pid INTEGER NOT NULL,
            process_start INTEGER NOT NULL,
            started_at INTEGER NOT NULL,
            last_seen_at INTEGER NOT NULL,
            beats INTEGER NOT NULL,
            ttl_ms INTEGER NOT NULL,
            clock_domain TEXT,
            expires_ns INTEGER,
            witness_device INTEGER,
            witness_inode INTEGER,
            self_reported INTEGER NOT NULL,
            is_pooled INTEGER NOT NULL,
            can TEXT NOT NULL DEFAULT '[]',
            left_as INTEGER,
            PRIMARY KEY (election, id)
        ) STRICT;
        CREATE INDEX agent_roster ON agent (election, started_at, id) WHERE left_as IS NULL;
        CREATE INDEX agent_gone ON agent (election, left_as) WHERE left_as IS NOT NULL;
        CREATE INDEX agent_name ON agent (election, name);
        CREATE TABLE request (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            election TEXT NOT NULL,
            kind TEXT NOT NULL,
            asked_by TEXT NOT NULL,
            epoch INTEGER,
            agent TEXT
        ) STRICT;
        CREATE TABLE event (
            seq INTEGER PRIMARY KEY AUTOINCREMENT,
            election TEXT NOT NULL,
            at INTEGER NOT NULL,
            type TEXT NOT NULL,
            actor TEXT NOT NULL,
            subject TEXT NOT NULL,
            message TEXT NOT NULL,
            epoch INTEGER,
            data TEXT
        ) STRICT;
        CREATE INDEX event_type ON event (election, type, at);
        CREATE INDEX event_subject ON event (election, subject);
        CREATE TRIGGER event_tallied AFTER INSERT ON event
        WHEN NEW.epoch IS NOT NULL AND NEW.type IN ('orchestrator.evicted', 'agent.evicted', 'task.requeued') BEGIN
            INSERT INTO tally (election, name, count, last_at) VALUES (NEW.election, NEW.type, 1, NEW.at)
            ON CONFLICT (election, name) DO UPDATE SET count = count + 1, last_at = NEW.at;
        END;
        CREATE TABLE message (
            seq INTEGER PRIMARY KEY AUTOINCREMENT,
            election TEXT NOT NULL,
            id TEXT NOT NULL,
            at INTEGER NOT NULL,
            sender TEXT NOT NULL,
            audience TEXT NOT NULL,
            recipient TEXT,
            type TEXT,
            subject TEXT,
            body TEXT NOT NULL,
            reply_to TEXT,
            data TEXT,
            read_by TEXT,
            UNIQUE (election, id)
        ) STRICT;
        CREATE INDEX message_order ON message (election, seq);
        CREATE TABLE reader (
            election TEXT NOT NULL,
            reader TEXT NOT NULL,
            role TEXT NOT NULL,
            name TEXT NOT NULL,
            since INTEGER NOT NULL,
            read_up_to INTEGER NOT NULL,
            PRIMARY KEY (election, reader, role)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX reader_name ON reader (election, name);
        """;
}
