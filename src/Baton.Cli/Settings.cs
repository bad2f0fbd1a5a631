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

    /// <summary>What stands for the store itself, where leases are named.</summary>
    public const string SameAsStore = "store";

    /// <summary>Gathers the settings.</summary>
    public static Settings Gather(ParseResult parsed, GlobalOptions globals, Surroundings around)
    {
        var workspace = Workspace.Find(around.WorkingFolder);
        var config = workspace?.ReadConfig() ?? new();
        var store = Pick(parsed.GetValue(globals.Store), "--store", "BATON_STORE", config.Store)
            ?? (workspace is null ? null : new Setting(Workspace.DefaultStore, "default (.baton)"));
        // What the workspace's own file says of leases belongs to the store that it names.
        var ownLeases = store?.Origin is "--store" or "BATON_STORE" || config.Leases == SameAsStore ? null : config.Leases;
        var leases = Pick(parsed.GetValue(globals.Leases), "--leases", "BATON_LEASES", ownLeases) ?? store;
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
    public ElectionName ElectionName() => NameOf(Election);

    /// <summary>The name of an election, checked.</summary>
    /// <exception cref="CommandFailure">It is none.</exception>
    public static ElectionName NameOf(Setting election)
    {
        try
        {
            return new(election.Value);
        }
        catch (ArgumentException)
        {
            throw CommandFailure.Usage(
                $"'{election.Value}' (from {election.Origin}) is no election name: 1 to 64 of A-Z a-z 0-9 . _ -");
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

        var store = StoreOf(Store, BaseOf(Store, workingFolder));
        var leases = LeasesOf(store, workingFolder);
        return new(Workspace, store, ElectionName())
        {
            Leases = leases, StateFolder = StateFolder, WorkingFolder = workingFolder,
        };
    }

    /// <summary>The work store that a setting names; a relative path goes from a folder.</summary>
    /// <exception cref="CommandFailure">The URI is wrong, or keeps no work.</exception>
    public static StoreUri StoreOf(Setting setting, string from)
    {
        var store = StoreUri.Parse(setting, from);
        return store.IsForLeases
            ? throw CommandFailure.Usage($"{store.Masked} (from {setting.Origin}) keeps leases, and no work",
                "name it with --leases, and with --store where the work is: sqlite:PATH or postgres://…")
            : store;
    }

    /// <summary>Where a workspace's own file says that its leases are; null: in the store.</summary>
    public static StoreUri? LeasesIn(Workspace workspace) =>
        workspace.ReadConfig().Leases is { Length: > 0 } said && said != SameAsStore
            ? StoreUri.Parse(new(said, ".baton/config.json"), workspace.Root) : null;

    /// <summary>Where the leases are, for work in a store; null: in that store.</summary>
    /// <exception cref="CommandFailure">The URI is wrong, or names another store.</exception>
    public StoreUri? LeasesOf(StoreUri store, string workingFolder)
    {
        var named = Leases!.Value == SameAsStore ? store : StoreUri.Parse(Leases, BaseOf(Leases, workingFolder));
        if (!named.IsForLeases && !named.IsSamePlaceAs(store))
        {
            throw CommandFailure.Usage(
                $"the leases ({named.Masked}, from {Leases.Origin}) are neither in the store ({store.Masked}) nor in etcd",
                "leave out --leases and BATON_LEASES, or name etcd://HOST:PORT");
        }

        return named.IsForLeases ? named : null;
    }

    /// <summary>Refuses leases that are not the ones which the workspace was made with.</summary>
    /// <exception cref="CommandFailure">A flag or a variable names others.</exception>
    public void RequireOwnLeases(StorePlace place)
    {
        if (Workspace is null || Leases!.Origin is not ("--leases" or "BATON_LEASES")
            || Store!.Origin is "--store" or "BATON_STORE")
        {
            return;
        }

        var own = LeasesIn(Workspace);
        if (own is null ? place.Leases is not null : place.Leases?.IsSamePlaceAs(own) != true)
        {
            throw CommandFailure.Usage(
                $"the leases of this workspace are in {own?.Masked ?? "its store"}, not in "
                + $"{(place.Leases ?? place.Store).Masked} (from {Leases.Origin})",
                "leave that out, or move them: baton init --leases URI");
        }
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
