using Baton.Postgres;

namespace Baton.Cli;

/// <summary>
/// What this host keeps of a store on a server lies in one folder, whatever spelling of its address is typed. The first
/// spelling under which the host met the store names the folder; every other becomes a link to it, and
/// <c>stores/ID-PLACE</c> is one from what the store itself says: its id, and where the server has it. A copy has the id,
/// and another place.
/// </summary>
internal static class HostFolder
{
    private const string Stores = "stores";

    // A folder with this file is the one store's whose address makes its name without any replacing. Folders that were
    // made before such files were do not say whose they are, and go on to serve all whom they served.
    private const string NameFile = "address";

    /// <summary>The folder of an address, there or not.</summary>
    public static string Of(string state, PostgresAddress address)
    {
        var (own, former) = (Path.Combine(state, address.Key), Path.Combine(state, address.PlainKey));
        return own == former || Path.Exists(own) || !Directory.Exists(former) || File.Exists(Path.Combine(former, NameFile))
            ? own : former;
    }

    /// <summary>Makes the folder, or the link that leads to it.</summary>
    /// <param name="place">The place of the store.</param>
    /// <param name="storeId">The id that the store was given when it was made.</param>
    /// <param name="where">Where the server has it, by its own account.</param>
    /// <param name="isReader">Whether nothing is to be made for a store that this host has not met yet.</param>
    /// <exception cref="IOException">It can't be made.</exception>
    public static void Share(StorePlace place, string storeId, string where, bool isReader)
    {
        var own = Path.GetDirectoryName(place.EpochFile)!;
        var (state, key) = (Path.GetDirectoryName(own)!, Path.GetFileName(own));
        if (storeId.Length == 0 || !storeId.All(char.IsAsciiLetterOrDigit))
        {
            // A store that another program made: its address names the folder.
            return;
        }

        var name = Path.Combine(state, Stores, $"{storeId}-{where}");
        if (isReader && new FileInfo(name).LinkTarget is null)
        {
            return;
        }

        Directory.CreateDirectory(Path.GetDirectoryName(name)!);
        TryLink(name, Former(Path.GetDirectoryName(name)!, storeId) ?? Path.Combine("..", key));
        var first = Path.GetFileName(new FileInfo(name).LinkTarget) ?? key;
        // What the first spelling names may be a link itself, of a store that was lost since.
        first = new FileInfo(Path.Combine(state, first)).LinkTarget is { } target ? Path.GetFileName(target) : first;
        if (first == key || new FileInfo(own).LinkTarget is not null)
        {
            Make(state, first);
            return;
        }

        if (Directory.Exists(own))
        {
            if (Directory.EnumerateFileSystemEntries(own).Any(entry => Path.GetFileName(entry) != NameFile))
            {
                // It is in use already, by whoever typed this spelling while the address led to another store.
                return;
            }

            Directory.Delete(own, recursive: true);
        }

        Make(state, first);
        TryLink(own, first);
    }

    // Stores were known by their id alone once. Which copy that was, nobody wrote down: it is the first that comes.
    private static string? Former(string stores, string storeId) =>
        new FileInfo(Path.Combine(stores, storeId)).LinkTarget is { } target
        && !Directory.EnumerateFileSystemEntries(stores, $"{storeId}-*").Any() ? target : null;

    private static void Make(string state, string name)
    {
        var folder = Path.Combine(state, name);
        if (!Directory.Exists(folder))
        {
            Directory.CreateDirectory(folder);
            File.WriteAllText(Path.Combine(folder, NameFile), $"{name}\n");
        }
    }

    private static bool TryLink(string path, string target)
    {
        try
        {
            File.CreateSymbolicLink(path, target);
            return true;
        }
        catch (IOException) when (new FileInfo(path).LinkTarget is not null || Path.Exists(path))
        {
            // Another process was first.
            return false;
        }
    }
}
