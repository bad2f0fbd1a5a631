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
    /// <returns>The place, and whether anything was made.</returns>
    public static (StorePlace Place, bool Created) Make(Session session, string? folder)
    {
        var around = session.Around;
        var root = Path.GetFullPath(folder ?? ".", around.WorkingFolder);
        var place = PlaceOf(session, root, folder is null);
        if (!place.Store.IsEmbedded)
        {
            return MakeOnServer(session, place);
        }

        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(place.Store.Path)!);
            using var held = FileLock.Take(place.Store.Path + ".init", TimeSpan.FromSeconds(30));
            var created = FileIdentity.Of(place.Store.Path) is null;
            if (place.Workspace is { } workspace && !File.Exists(workspace.ConfigFile))
            {
                workspace.WriteConfig(new() { Leases = "store" });
            }

            using var stores = around.Open(place, OpenPurpose.Initialise, around);
            return (place, created);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandFailure(ErrorCode.InputOutput, $"{root}: no workspace can be made here: {e.Message}");
        }
    }

    private static (StorePlace Place, bool Created) MakeOnServer(Session session, StorePlace place)
    {
        if (place.Workspace is { } workspace)
        {
            Directory.CreateDirectory(workspace.Folder);
            workspace.WriteConfig(workspace.ReadConfig() with { Store = place.Store.Address.WithoutSecrets });
        }

        using var stores = session.Around.Open(place, OpenPurpose.Initialise, session.Around);
        return (place, stores.IsNew);
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

        var store = StoreUri.Parse(new(Workspace.DefaultStore, "default"), root);
        return new(workspace, store, settings.ElectionName());
    }

    private static Task<int> RunAsync(Session session, string? folder)
    {
        var (place, created) = Make(session, folder);
        var home = place.Workspace?.Folder ?? place.Store.Place;
        session.Output.Data(new InitJson(home, place.Store.Masked, created), BatonJson.Default.InitJson, text =>
            text.WriteLine(created ? $"made {Plain.Line(home)}" : $"{Plain.Line(home)} is there already"));
        return Task.FromResult(ExitCode.Ok);
    }
}
