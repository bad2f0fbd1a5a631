using System.CommandLine;

namespace Baton.Cli;

/// <summary><c>baton init [DIR]</c>: makes a workspace. Safe to repeat, and for any number at once.</summary>
internal static class InitCommand
{
    public static Verb Declare()
    {
        var folder = new Argument<string?>("DIR")
        {
            Description = "where; default here",
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
        var around = session.Around;
        var root = Path.GetFullPath(folder ?? ".", around.WorkingFolder);
        var place = isForItself ? Embedded(session, root) : PlaceOf(session, root, folder is null);
        if (!place.Store.IsEmbedded)
        {
            return await OpenAsync(session, place, stores => stores.IsNew);
        }

        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(place.Store.Path)!);
            using var held = FileLock.Take(place.Store.Path + ".init", TimeSpan.FromSeconds(30));
            var created = FileIdentity.Of(place.Store.Path) is null;
            return await OpenAsync(session, place, _ => created);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandFailure(ErrorCode.InputOutput, $"{root}: no workspace can be made here: {e.Message}");
        }
    }

    /// <summary>Makes the stores, ties the work to its leases, and only then writes down where they are.</summary>
    private static async Task<MadeWorkspace> OpenAsync(Session session, StorePlace place, Func<OpenStores, bool> isCreated)
    {
        var former = LeasesOf(place.Workspace);
        if (place.Store.IsEmbedded && FileIdentity.Of(place.Store.Path) is null)
        {
            // Where there is nothing yet, nothing can be moved: a store never lies there without its settings.
            Remember(place);
        }

        using var stores = session.Around.Open(place, OpenPurpose.Initialise, session.Around);
        var moved = await new LeaseMove(session, stores).RunAsync(former);
        Remember(place);
        return new(place, isCreated(stores), moved);
    }

    private static void Remember(StorePlace place)
    {
        if (place.Workspace is not { } workspace)
        {
            return;
        }

        Directory.CreateDirectory(workspace.Folder);
        var known = workspace.ReadConfig();
        var config = known with
        {
            Store = place.Store.IsEmbedded ? known.Store : place.Store.WithoutSecrets,
            Leases = place.Leases?.WithoutSecrets ?? Settings.SameAsStore,
        };
        if (config != known)
        {
            workspace.WriteConfig(config);
        }
    }

    private static StorePlace PlaceOf(Session session, string root, bool mayStoreBeElsewhere)
    {
        var settings = session.Settings;
        if (mayStoreBeElsewhere && settings.Store is { Origin: "--store" or "BATON_STORE" })
        {
            return settings.Place(session.Around.WorkingFolder) with { Workspace = null };
        }

        var workspace = new Workspace(root);
        if (settings.Store is { Origin: "--store" or "BATON_STORE" } named
            && StoreUri.Parse(named, root) is { IsEmbedded: false })
        {
            return settings.Place(session.Around.WorkingFolder) with { Workspace = workspace };
        }

        var place = Embedded(session, root);
        return place with
        {
            Leases = settings.Leases is { Origin: "--leases" or "BATON_LEASES" }
                ? settings.LeasesOf(place.Store, session.Around.WorkingFolder) : LeasesOf(workspace),
        };
    }

    private static StorePlace Embedded(Session session, string root) => new(new(root),
        StoreUri.Parse(new(Workspace.DefaultStore, "default"), root), session.Settings.ElectionName());

    private static StoreUri? LeasesOf(Workspace? workspace) => workspace is null ? null
        : Settings.LeasesIn(workspace);

    private static async Task<int> RunAsync(Session session, string? folder)
    {
        var made = await MakeAsync(session, folder);
        var home = made.Place.Workspace?.Folder ?? made.Place.Store.Place;
        var leases = made.Place.Leases?.Masked;
        session.Output.Data(new InitJson(home, made.Place.Store.Masked, leases, made.IsCreated, made.MovedAt?.Value),
            BatonJson.Default.InitJson, text =>
            {
                text.WriteLine(made.IsCreated ? $"made {Plain.Line(home)}" : $"{Plain.Line(home)} is there already");
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
}

/// <summary>A workspace that is there now.</summary>
/// <param name="Place">Where.</param>
/// <param name="IsCreated">Whether it was made just now.</param>
/// <param name="MovedAt">The epoch at which its leases were moved; null where they were not.</param>
internal sealed record MadeWorkspace(StorePlace Place, bool IsCreated, Epoch? MovedAt);
