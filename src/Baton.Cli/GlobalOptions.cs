using System.CommandLine;

namespace Baton.Cli;

/// <summary>The options that every command takes, anywhere before <c>--</c>.</summary>
internal sealed class GlobalOptions
{
    public Option<string?> Store { get; } =
        Global<string?>("--store", "where the work is kept: sqlite:PATH, postgres://…", "URI");

    public Option<string?> Leases { get; } =
        Global<string?>("--leases", "where the leases are kept (the store)", "URI");

    public Option<string?> Election { get; } = Global<string?>("--election", "which election (main)", "NAME");

    public Option<bool> Json { get; } = Global<bool>("--json", "print JSON");

    public Option<bool> NoColor { get; } = Global<bool>("--no-color", "print without colours");

    public Option<bool> Quiet { get; } = Global<bool>("--quiet", "print data and errors only", null, "-q");

    public Option<bool> Verbose { get; } = Global<bool>("--verbose", "print more, stack traces too", null, "-v");

    public Option<bool> Version { get; } = Global<bool>("--version", "print the version");

    /// <summary>All of them, in the order of the help.</summary>
    public IEnumerable<Option> All => [Store, Leases, Election, Json, NoColor, Quiet, Verbose, Version];

    private static Option<T> Global<T>(
        string name, string description, string? helpName = null, params string[] aliases) => new(name, aliases)
    {
        Description = description,
        HelpName = helpName,
        Recursive = true,
    };
}
