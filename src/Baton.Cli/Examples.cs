using System.CommandLine;

namespace Baton.Cli;

/// <summary>What help begins with: command lines to take and change.</summary>
internal static class Examples
{
    // By the words that name the command; none for the program itself.
    private static readonly Dictionary<string, string[]> OfWork = new(StringComparer.Ordinal)
    {
        ["task"] = ["baton task create --title 'Mend the roof'", "baton task list --status in_progress", "baton task ready"],
        ["task create"] =
        [
            "baton task create --title 'Mend the roof' --priority high --tags house,urgent",
            "baton task create --title 'Paint the roof' --depends-on task_1767216141159",
            "baton task create --file tasks.jsonl",
        ],
        ["task list"] = ["baton task list", "baton task list --status failed --limit 10", "baton task list --tag house --json"],
        ["task ready"] = ["baton task ready --limit 5"],
        ["task show"] = ["baton task show task_1767216141159"],
        ["task claim"] = ["baton task claim --next --agent ann", "baton task claim task_1767216141159 --agent ann --json"],
        ["task heartbeat"] = ["baton task heartbeat task_1767216141159 --claim 1-9f8e7d6c5b4a3928"],
        ["task progress"] = ["baton task progress task_1767216141159 --claim 1-9f8e7d6c5b4a3928 --note 'half of it'"],
        ["task complete"] =
        [
            "baton task complete task_1767216141159 --claim 1-9f8e7d6c5b4a3928 --summary 'all tests pass'",
            "baton task complete task_1767216141159 --claim 1-9f8e7d6c5b4a3928 --check 'make test'",
        ],
        ["task fail"] = ["baton task fail task_1767216141159 --claim 1-9f8e7d6c5b4a3928 --reason 'the build is broken'"],
        ["task block"] = ["baton task block task_1767216141159 --claim 1-9f8e7d6c5b4a3928 --reason 'needs a password'"],
        ["task release"] = ["baton task release task_1767216141159 --claim 1-9f8e7d6c5b4a3928"],
        ["task decline"] = ["baton task decline task_1767216141159 --claim 1-9f8e7d6c5b4a3928 --reason 'no ladder here'"],
        ["task cancel"] = ["baton task cancel task_1767216141159 --reason 'not needed any more'"],
        ["task requeue"] = ["baton task requeue task_1767216141159"],
        ["task note"] = ["baton task note task_1767216141159 'the ladder is in the shed'"],
        ["task dep"] = ["baton task dep add task_1767216142154 task_1767216141159"],
        ["task dep add"] = ["baton task dep add task_1767216142154 task_1767216141159"],
        ["task dep rm"] = ["baton task dep rm task_1767216142154 task_1767216141159"],
        ["task wait"] = ["baton task wait task_1767216141159", "baton task wait task_1767216141159 --for failed --timeout 10m"],
        ["message"] = ["baton message send 'the build is green' --all", "baton message read --agent ann"],
        ["message send"] =
        [
            "baton message send 'please look at the roof' --to ann",
            "baton message send 'the build is green' --all --type build.passed",
            "baton message send 'done' --reply-to msg-1767548025504",
        ],
        ["message list"] = ["baton message list --limit 20", "baton message list --from ann --json"],
        ["message read"] = ["baton message read", "baton message read --agent ann --follow"],
        ["mcp"] =
        [
            "baton mcp",
            "baton mcp --agent ada --role coder",
            """baton mcp --call task_list --with '{"status":"ready"}'""",
        ],
        ["run"] =
        [
            "baton run -- make test",
            "baton run --task task_1767216141159 -- ./work.sh",
            "baton run --repeat --agent ann --role reviewer -- ./review.sh",
        ],
        ["import"] = ["baton import hyrm ../old --dry-run", "baton import specs docs/specs"],
        ["import hyrm"] = ["baton import hyrm ../old --dry-run", "baton import hyrm ../old --json"],
        ["import specs"] = ["baton import specs docs/specs"],
        ["spec"] = ["baton spec generate task_1767216141159", "baton spec sync", "baton spec lint"],
        ["spec generate"] = ["baton spec generate task_1767216141159", "baton spec generate task_1767216141159 --force"],
        ["spec backfill"] = ["baton spec backfill"],
        ["spec show"] = ["baton spec show task_1767216141159"],
        ["spec parse"] = ["baton spec parse docs/specs/task_1767216141159_mend-the-roof.md --json"],
        ["spec sync"] = ["baton spec sync", "baton spec sync task_1767216141159"],
        ["spec lint"] = ["baton spec lint", "baton spec lint docs/specs/task_1767216141159_mend-the-roof.md"],
    };

    private static readonly Dictionary<string, string[]> OfSystem = new(StringComparer.Ordinal)
    {
        [""] =
        [
            "baton demo",
            "baton init && baton task create --title 'Mend the roof'",
            "baton up --workers 2 --worker './work.sh' --until-idle",
        ],
        ["init"] = ["baton init", "baton init --store postgres://baton@db.example/baton"],
        ["orchestrator"] = ["baton orchestrator run --workers 2 --worker './work.sh'"],
        ["orchestrator run"] =
        [
            "baton orchestrator run",
            "baton orchestrator run --id left --ttl 10s --workers 2 --worker './work.sh'",
            "baton orchestrator run --on-follow exit --json",
        ],
        ["status"] = ["baton status", "baton status --json"],
        ["leader"] = ["baton leader show", "baton leader history --since 24h", "baton leader resign"],
        ["leader show"] = ["baton leader show", "baton leader show --json"],
        ["leader history"] = ["baton leader history", "baton leader history --since 24h --json"],
        ["leader resign"] = ["baton leader resign", "baton leader resign --timeout 30s"],
        ["events"] = ["baton events --limit 20", "baton events --follow --type task.failed", "baton events --after 812 --json"],
        ["monitor"] = ["baton monitor", "baton monitor --once --view tasks"],
        ["agent"] = ["baton agent list", "baton agent drain worker-1"],
        ["agent list"] = ["baton agent list", "baton agent list --json"],
        ["agent show"] = ["baton agent show worker-1"],
        ["agent register"] = ["baton agent register ann --role reviewer"],
        ["agent heartbeat"] = ["baton agent heartbeat ann"],
        ["agent drain"] = ["baton agent drain worker-1"],
        ["agent evict"] = ["baton agent evict worker-1"],
        ["up"] =
        [
            "baton up",
            "baton up --orchestrators 5 --workers 4 --worker './work.sh'",
            "baton up --until-idle --no-monitor",
        ],
        ["demo"] = ["baton demo"],
        ["cleanup"] = ["baton cleanup --dry-run", "baton cleanup"],
        ["validate"] =
        [
            "baton validate",
            "baton validate --only crash-failover,frozen-leader --ttl 2s",
            "baton validate --live",
        ],
        ["quality"] = ["baton quality report --last 20", "baton quality unassessed", "baton quality lessons --search roof"],
        ["quality assess"] =
        [
            "baton quality assess task_1767216141159 --from-evidence",
            "baton quality assess task_1767216141159 --completeness 9 --impact 7 --lesson 'measure twice'",
        ],
        ["quality report"] = ["baton quality report", "baton quality report --since 7d --by-week --json"],
        ["quality unassessed"] = ["baton quality unassessed --limit 10"],
        ["quality lessons"] = ["baton quality lessons", "baton quality lessons --search roof"],
        ["memory"] = ["baton memory append --title 'The roof' --body 'It holds.'", "baton memory search roof"],
        ["memory append"] =
        [
            "baton memory append --title 'The roof' --body 'It holds.'",
            "baton memory append --title 'The week' --file week.md --key week-3",
        ],
        ["memory show"] = ["baton memory show", "baton memory show --last 3", "baton memory show --list --all"],
        ["memory search"] = ["baton memory search roof ladder"],
        ["memory archive"] = ["baton memory archive --dry-run", "baton memory archive --keep 10"],
        ["doctor"] = ["baton doctor", "baton doctor --fix"],
        ["config"] = ["baton config show"],
        ["config show"] = ["baton config show", "baton config show --json"],
        ["help"] = ["baton help", "baton help task create"],
        ["completion"] = ["source <(baton completion bash)", "baton completion fish | source"],
    };

    /// <summary>The examples of a command, named by its words; none where there are none.</summary>
    public static IReadOnlyList<string> Of(Command command) =>
        string.Join(' ', CommandLine.PathOf(command)) is var path && OfWork.TryGetValue(path, out var work) ? work
            : OfSystem.GetValueOrDefault(path, []);

    /// <summary>The commands that have examples.</summary>
    public static IEnumerable<string> Paths => OfWork.Keys.Concat(OfSystem.Keys);

    /// <summary>Writes the help of a command: its examples, then what it takes.</summary>
    /// <param name="help">A command line that asks for help.</param>
    /// <param name="text">Where to.</param>
    public static void WriteHelp(ParseResult help, TextWriter text)
    {
        var examples = Of(help.CommandResult.Command);
        if (examples.Count > 0)
        {
            text.Write("Examples:\n");
            foreach (var example in examples)
            {
                text.Write($"  {example}\n");
            }

            text.Write('\n');
        }

        help.Invoke(new() { Output = text });
    }
}
