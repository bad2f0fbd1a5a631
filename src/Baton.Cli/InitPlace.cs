using Baton.Sqlite;

namespace Baton.Cli;

/// <summary>
/// Where <c>init</c> makes a workspace, or finds it: what is asked for now, against what the workspace's own file names. A
/// workspace never turns to another store or election in passing: all its tasks would vanish from view.
/// </summary>
/// <param name="session">The run.</param>
/// <param name="workspace">The workspace, there or not.</param>
internal sealed class InitPlace(Session session, Workspace workspace)
{
    private static readonly string OwnFile = $"{Workspace.FolderName}/config.json";

    private readonly Settings _settings = session.Settings;
    private readonly string _workingFolder = session.Around.WorkingFolder;

    /// <summary>Whether the workspace is there: its settings, or the store that it has without any.</summary>
    public bool IsThere => File.Exists(workspace.ConfigFile) || FileIdentity.Of(Default.Path) is not null;

    private StoreUri Default => StoreUri.Parse(new(Workspace.DefaultStore, "default"), workspace.Root);

    /// <summary>Whether a flag or a variable says it, and neither a file nor nobody.</summary>
    public static bool IsAsked(Setting? setting) => setting is { } said
        && (said.Origin.StartsWith("--", StringComparison.Ordinal) || said.Origin.StartsWith("BATON_", StringComparison.Ordinal));

    /// <summary>Decides where things are.</summary>
    /// <returns>The place, and the settings that its file is to hold.</returns>
    /// <exception cref="CommandFailure">What is asked for is another store or election than the workspace's.</exception>
    public (StorePlace Place, WorkspaceConfig Config) Decide()
    {
        var known = workspace.ReadConfig();
        var own = known.Store is { Length: > 0 } said
            ? Settings.StoreOf(new(said, OwnFile), workspace.Root) : Default;
        var asked = IsAsked(_settings.Store) ? Settings.StoreOf(_settings.Store!, _workingFolder) : null;
        var store = asked ?? own;
        if (asked is not null && !asked.IsSamePlaceAs(own) && !MayTurnTo(asked, own, known))
        {
            throw new CommandFailure(ErrorCode.Conflict,
                $"the workspace {workspace.Folder} has its work in {own.Masked}, not in {asked.Masked} "
                + $"(from {_settings.Store!.Origin})",
                $"init another folder, name that store with --store for one command, or write it as \"store\" into "
                + workspace.ConfigFile);
        }

        var (election, isKept) = Election(known, own);
        var leases = IsAsked(_settings.Leases) ? _settings.LeasesOf(store, _workingFolder) : Settings.LeasesIn(workspace);
        var place = new StorePlace(workspace, store, election)
        {
            Leases = leases, StateFolder = _settings.StateFolder, WorkingFolder = _workingFolder,
        };
        return (place, known with
        {
            // How the workspace's own file spells a file is left as it is.
            Store = asked is null || (asked.IsEmbedded && asked.IsSamePlaceAs(own)) ? known.Store : asked.WithoutSecrets,
            Leases = leases?.WithoutSecrets ?? Settings.SameAsStore,
            Election = isKept ? election.Value : known.Election,
        });
    }

    private bool MayTurnTo(StoreUri asked, StoreUri own, WorkspaceConfig known) =>
        (known.Store is not { Length: > 0 } && IsUnused(own))
        || (!asked.IsEmbedded && !own.IsEmbedded && PostgresStores.AreOne(asked.Address, own.Address));

    /// <summary>Which election is meant, and whether the workspace is to remember it.</summary>
    private (ElectionName Election, bool IsKept) Election(WorkspaceConfig known, StoreUri own)
    {
        var current = new Setting(known.Election is { Length: > 0 } said ? said : ElectionName.Main.Value, OwnFile);
        if (!IsAsked(_settings.Election))
        {
            return (Settings.NameOf(current), false);
        }

        var asked = _settings.ElectionName();
        if (asked.Value == current.Value || !IsThere || (own.IsEmbedded && IsUnused(own)))
        {
            return (asked, true);
        }

        // Leases are moved election by election, and that is no reason to turn the workspace to another.
        return IsAsked(_settings.Leases) ? (asked, false) : throw new CommandFailure(ErrorCode.Conflict,
            $"the workspace {workspace.Folder} is of the election '{current.Value}', not of '{asked.Value}' "
            + $"(from {_settings.Election.Origin})",
            "name that election with --election for one command, or write it as \"election\" into "
            + workspace.ConfigFile);
    }

    /// <summary>Whether an embedded store never was, or nothing was ever done in it.</summary>
    private bool IsUnused(StoreUri store)
    {
        var mark = new EpochFile(new StorePlace(workspace, store, ElectionName.Main).EpochFile);
        try
        {
            if (FileIdentity.Of(store.Path) is null)
            {
                return mark.StoreId is null && mark.Epochs().Count == 0;
            }

            using var file = SqliteFile.Open(store.Path);
            return file.IsUnused() && mark.Epochs().Count == 0;
        }
        catch (StoreUnavailableException)
        {
            // What can't be read may hold anything.
            return false;
        }
    }
}
