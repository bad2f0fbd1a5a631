using System.Collections.Immutable;
using System.CommandLine;
using Baton.Work;

namespace Baton.Cli;

/// <summary>The options of a command whose leader keeps workers.</summary>
internal sealed class PoolOptions
{
    private readonly SkillOptions _skills = new();
    private readonly Option<int> _workers;
    private readonly Option<string[]> _worker = new("--worker")
    {
        Description = "what a worker runs, by /bin/sh -c; again for workers of another kind",
        HelpName = "CMD",
    };

    /// <param name="count">How many workers there are where nobody says.</param>
    public PoolOptions(int count)
    {
        _workers = new("--workers")
        {
            Description = $"how many workers of each kind the leader keeps ({count})",
            HelpName = "N",
            DefaultValueFactory = _ => count,
        };
        _skills.Role.Description = "the workers also take tasks for this role";
        _skills.Can.Description = "the workers also take tasks that need these words";
    }

    /// <summary>All of them.</summary>
    public IEnumerable<Option> All => [_workers, _worker, _skills.Role, _skills.Can, .. Limits.All];

    /// <summary>What limits each attempt.</summary>
    public LimitOptions Limits { get; } = new();

    /// <summary>The kinds of workers; none where no command was given.</summary>
    /// <exception cref="CommandFailure">They make no sense.</exception>
    public ImmutableArray<WorkerKind> Kinds(Session session)
    {
        var count = session.Get(_workers);
        if (count is < 0 or > WorkerGroups.Most)
        {
            throw CommandFailure.Usage($"--workers {count}: it is 0 to {WorkerGroups.Most}");
        }

        var texts = session.Get(_worker) ?? [];
        return texts.Length > 0 || count == 0 || !session.Has(_workers)
            ? WorkerGroups.Parse(texts, count, _skills.Typed(session))
            : throw CommandFailure.Usage($"--workers {count} needs a --worker 'CMD' to run",
                "--workers 2 --worker 'sh work.sh'");
    }

    /// <summary>The same for an orchestrator of our own; none where no command was given.</summary>
    public ImmutableArray<string> ArgumentsOf(Session session)
    {
        if (Kinds(session).IsEmpty)
        {
            return [];
        }

        var skills = _skills.Typed(session);
        return
        [
            "--workers", $"{session.Get(_workers)}",
            .. session.Get(_worker)!.SelectMany(text => (string[])["--worker", text]),
            .. Arguments(skills), .. Limits.ArgumentsOf(session),
        ];
    }

    /// <summary>Skills as options.</summary>
    public static IEnumerable<string> Arguments(Skills skills) =>
    [
        .. skills.Role is { } role ? (string[])["--role", role] : [],
        .. skills.Can.IsEmpty ? [] : (string[])["--can", string.Join(',', skills.Can)],
    ];
}
