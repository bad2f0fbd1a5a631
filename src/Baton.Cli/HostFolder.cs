namespace Baton.Cli;

/// <summary>
/// What this host keeps of a store on a server lies in one folder, whatever spelling of its address is typed. The first
/// spelling under which the host met the store names the folder; every other becomes a link to it, and
/// <c>stores/ID</c> is one from the store's own id.
/// </summary>
internal static class HostFolder
{
    private const string Stores = "stores";

    /// <summary>Makes the folder, or the link that leads to it.</summary>
    /// <param name="place">The place of the store.</param>
    /// <param name="storeId">The id that the store was given when it was made.</param>
    /// <param name="isReader">Whether nothing is to be made for a store that this host has not met yet.</param>
    /// <exception cref="IOException">It can't be made.</exception>
    public static void Share(StorePlace place, string storeId, bool isReader)
    {
        var own = Path.GetDirectoryName(place.EpochFile)!;
        var (state, key) = (Path.GetDirectoryName(own)!, Path.GetFileName(own));
        if (storeId.Length == 0 || !storeId.All(char.IsAsciiLetterOrDigit))
        {
            // A store that another program made: its address names the folder.
            return;
        }

        var name = Path.Combine(state, Stores, storeId);
        if (isReader && new FileInfo(name).LinkTarget is null)
        {
            return;
        }

        Directory.CreateDirectory(Path.GetDirectoryName(name)!);
        var first = TryLink(name, Path.Combine("..", key)) ? key : Path.GetFileName(new FileInfo(name).LinkTarget) ?? key;
        // What the first spelling names may be a link itself, of a store that was lost since.
        first = new FileInfo(Path.Combine(state, first)).LinkTarget is { } target ? Path.GetFileName(target) : first;
        if (first == key || new FileInfo(own).LinkTarget is not null)
        {
            Directory.CreateDirectory(Path.Combine(state, first));
            return;
        }

        if (Directory.Exists(own))
        {
            if (Directory.EnumerateFileSystemEntries(own).Any())
            {
                // It is in use already, by whoever typed this spelling while the address led to another store.
                return;
            }

            Directory.Delete(own);
        }

        Directory.CreateDirectory(Path.Combine(state, first));
        TryLink(own, first);
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
