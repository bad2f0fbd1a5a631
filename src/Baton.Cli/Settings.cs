using System.CommandLine;

namespace Baton.Cli;

/// <summary>A value and where it came from, as <c>config show</c> prints it.</summary>
internal sealed record Setting(string Value, string Origin);

/// <summary>
/// The settings of one run: flag, else <c>BATON_*</c>, else <c>.baton/config.json</c>, else a default.
/// </summary>
/// <param name="Workspace">The nearest workspace; null where there is none.</param>
/// <param name="Store">The work store; null where neither a setting nor a workspace names one.</param>
/// <param name="Leases">The lease store; null likewise.</param>
/// <param name="Election">The election.</param>
internal sealed record Settings(Workspace? Workspace, Setting? Store, Setting? Leases, Setting Election)
{
    /// <summary>Where this host keeps what belongs to stores on servers: <c>$XDG_STATE_HOME/baton</c>.</summary>
    public string StateFolder { get; init; } = "";

    private const string SameAsStore = "store";

    /// <summary>Gathers the settings.</summary>
    public static Settings Gather(ParseResult parsed, GlobalOptions globals, Surroundings around)
    {
        var workspace = Workspace.Find(around.WorkingFolder);
        var config = workspace?.ReadConfig() ?? new();
        var store = Pick(parsed.GetValue(globals.Store), "--store", "BATON_STORE", config.Store)
            ?? (workspace is null ? null : new Setting(Workspace.DefaultStore, "default (.baton)"));
        var leases = Pick(parsed.GetValue(globals.Leases), "--leases", "BATON_LEASES",
            config.Leases == SameAsStore ? null : config.Leases) ?? store;
        var election = Pick(parsed.GetValue(globals.Election), "--election", "BATON_ELECTION", config.Election)
            ?? new("main", "default");
        return new(workspace, store, leases, election) { StateFolder = StateFolderOf(around) };

        Setting? Pick(string? flag, string flagName, string variable, string? configured) =>
            flag is { Length: > 0 } ? new(flag, flagName)
            : around.Variable(variable) is { Length: > 0 } value ? new(value, variable)
            : configured is { Length: > 0 } ? new(configured, ".baton/config.json")
            : null;
    }

    /// <summary>The election's name, checked.</summary>
    public ElectionName ElectionName()
    {
        try
        {
            return new(Election.Value);
        }
        catch (ArgumentException)
        {
            throw CommandFailure.Usage(
                $"'{Election.Value}' (from {Election.Origin}) is no election name: 1 to 64 of A-Z a-z 0-9 . _ -");
        }
    }

    /// <summary>Where the stores lie.</summary>
    /// <exception cref="CommandFailure">
    /// There is no workspace, or a URI is wrong or disagrees with the workspace.
    /// </exception>
    public StorePlace Place(string workingFolder)
    {
        if (Store is null || Leases is null)
        {
            throw new CommandFailure(ErrorCode.NoWorkspace,
                $"there is no .baton here or above ({workingFolder})");
        }

        var store = StoreUri.Parse(Store, BaseOf(Store, workingFolder));
        var leases = StoreUri.Parse(Leases, BaseOf(Leases, workingFolder));
        if (leases != store)
        {
            throw CommandFailure.Usage(
                $"the leases ({leases.Masked}, from {Leases.Origin}) are not in the store ({store.Masked}): "
                + "this version keeps them together", "leave out --leases and BATON_LEASES");
        }

        return new(Workspace, store, ElectionName()) { StateFolder = StateFolder, WorkingFolder = workingFolder };
    }

    // As the XDG base directory specification says: a relative path there is to be ignored.
    private static string StateFolderOf(Surroundings around)
    {
        var home = around.Variable("HOME") is { Length: > 0 } set ? set
            : Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        var state = around.Variable("XDG_STATE_HOME") is { Length: > 0 } named && Path.IsPathRooted(named)
            ? named : Path.Combine(home, ".local", "state");
        return Path.GetFullPath(Path.Combine(state, "baton"), around.WorkingFolder);
    }

    // A relative path in the workspace's own file goes from the workspace, one that was typed from where it
    // was typed.
    private string BaseOf(Setting setting, string workingFolder) =>
        Workspace is not null && setting.Origin.Contains(".baton", StringComparison.Ordinal)
            ? Workspace.Root
            : workingFolder;
}
