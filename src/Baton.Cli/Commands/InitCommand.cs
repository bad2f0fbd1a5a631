using System.CommandLine;

namespace Baton.Cli;

/// <summary><c>baton init [DIR]</c>: makes a workspace. Safe to repeat, and for any number at once.</summary>
internal static class InitCommand
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public static Verb Declare()
    {
        var folder = new Argument<string?>("DIR")
        {
            Description = "where; default here. One that is there keeps its store and election: others are refused",
            Arity = ArgumentArity.ZeroOrOne,
        };
        return new("init", "make a workspace", session => RunAsync(session, session.Get(folder))) { folder };
    }

    /// <summary>Makes a workspace in a folder, with its store, unless they are there.</summary>
    /// <param name="session">The run.</param>
    /// <param name="folder">The folder; null: here, or just the store that is named.</param>
    /// <param name="isForItself">Whether only the folder says where things are, and no option or variable.</param>
    public static async Task<MadeWorkspace> MakeAsync(Session session, string? folder, bool isForItself = false)
    {
        var (settings, around) = (session.Settings, session.Around);
        var root = Path.GetFullPath(folder ?? ".", around.WorkingFolder);
        try
        {
            return isForItself ? await MakeForItselfAsync(session, new(root))
                : folder is null && InitPlace.IsAsked(settings.Store) ? await MakeStoreAsync(session)
                : await MakeWorkspaceAsync(session, new(root));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandFailure(ErrorCode.InputOutput, $"{root}: no workspace can be made here: {e.Message}");
        }
    }

    private static async Task<MadeWorkspace> MakeStoreAsync(Session session)
    {
        var place = session.Settings.Place(session.Around.WorkingFolder) with { Workspace = null };
        if (!place.Store.IsEmbedded)
        {
            return await OpenAsync(session, place);
        }

        return await MakeEmbeddedAsync(session, place, null);
    }

    private static async Task<MadeWorkspace> MakeWorkspaceAsync(Session session, Workspace workspace)
    {
        var asked = new InitPlace(session, workspace);
        var wasThere = asked.IsThere;
        var place = asked.Decide().Place;
        MadeWorkspace made;
        bool isNew;
        if (place.Store.IsEmbedded)
        {
            using var held = Hold(workspace);
            isNew = !asked.IsThere;
            made = await MakeEmbeddedAsync(session, asked.Decide().Place, () => asked.Decide().Config);
        }
        else
        {
            // Where the server can't be reached, no folder is left behind that looks like a workspace.
            made = await OpenAsync(session, place);
            using var held = Hold(workspace);
            isNew = !asked.IsThere;
            // Another one may have named another store meanwhile.
            workspace.Remember(asked.Decide().Config);
        }

        // Of many at once that find nothing, the one that makes the folder has made the workspace.
        return made with { IsCreated = wasThere ? made.IsStoreNew : isNew, IsFolderNew = isNew };
    }

    private static Task<MadeWorkspace> MakeForItselfAsync(Session session, Workspace workspace)
    {
        var store = StoreUri.Parse(new(Workspace.DefaultStore, "default"), workspace.Root);
        return MakeEmbeddedAsync(session, new(workspace, store, session.Election),
            () => new() { Leases = Settings.SameAsStore });
    }

    private static async Task<MadeWorkspace> MakeEmbeddedAsync(
        Session session, StorePlace place, Func<WorkspaceConfig>? config)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(place.Store.Path)!);
        if (config is not null && FileIdentity.Of(place.Store.Path) is null)
        {
            // Where there is nothing yet, nothing can be moved: a store never lies there without its settings.
            Directory.CreateDirectory(place.Workspace!.Folder);
            place.Workspace.Remember(config());
        }

        var made = await OpenAsync(session, place);
        if (config is not null)
        {
            place.Workspace!.Remember(config());
        }

        return made;
    }

    /// <summary>Makes the stores, and ties the work to its leases; only then is written down where they are.</summary>
    private static async Task<MadeWorkspace> OpenAsync(Session session, StorePlace place)
    {
        var former = place.Workspace is null ? null : Settings.LeasesIn(place.Workspace);
        using var stores = session.Around.Open(place, OpenPurpose.Initialise, session.Around);
        var moved = await new LeaseMove(session, stores).RunAsync(former);
        return new(place, stores.IsNew, moved) { IsStoreNew = stores.IsNew };
    }

    private static FileLock Hold(Workspace workspace)
    {
        Directory.CreateDirectory(workspace.Folder);
        return FileLock.Take(workspace.ConfigFile + ".init", Patience);
    }

    private static async Task<int> RunAsync(Session session, string? folder)
    {
        var made = await MakeAsync(session, folder);
        var home = made.Place.Workspace?.Folder ?? made.Place.Store.Place;
        var leases = made.Place.Leases?.Masked;
        session.Output.Data(new InitJson(home, made.Place.Store.Masked, leases, made.IsCreated, made.MovedAt?.Value),
            BatonJson.Default.InitJson, text =>
            {
                text.WriteLine(Said(made, Plain.Line(home)));
                if (made.MovedAt is { } epoch)
                {
                    text.WriteLine($"the leases are in {Plain.Line(leases ?? "the store")} now, above epoch {epoch}");
                }
                else if (leases is not null)
                {
                    text.WriteLine($"the leases are in {Plain.Line(leases)}");
                }
            });
        return ExitCode.Ok;
    }

    // A store within the folder goes without saying; of one elsewhere it matters whether others use it already.
    private static string Said(MadeWorkspace made, string home)
    {
        var (store, workspace) = (made.Place.Store, made.Place.Workspace);
        if (workspace is null || (store.IsEmbedded && Path.GetDirectoryName(store.Path) == workspace.Folder))
        {
            return made.IsCreated ? $"made {home}" : $"{home} is there already";
        }

        var there = $"the store at {Plain.Line(store.Place)}";
        return (made.IsFolderNew, made.IsStoreNew) switch
        {
            (true, true) => $"made {home}, and {there}",
            (true, false) => $"made {home}; {there} is there already",
            (false, true) => $"{home} is there already; made {there}",
            (false, false) => $"{home} is there already, and so is {there}",
        };
    }
}

/// <summary>A workspace that is there now.</summary>
/// <param name="Place">Where.</param>
/// <param name="IsCreated">Whether it was made just now; of many at once, one has made it.</param>
/// <param name="MovedAt">The epoch at which its leases were moved; null where they were not.</param>
internal sealed record MadeWorkspace(StorePlace Place, bool IsCreated, Epoch? MovedAt)
{
    /// <summary>Whether the folder was made just now.</summary>
    public bool IsFolderNew { get; init; }

    /// <summary>Whether the store was made just now.</summary>
    public bool IsStoreNew { get; init; }
}
