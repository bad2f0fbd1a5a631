using System.Globalization;

namespace Baton.Sqlite;

/// <summary>
/// Remembers which database a write-ahead log belongs to. SQLite finds the log by its name alone: it would
/// replay
/// the log of a lost database into an old copy that was put in its place, and mix the two.
/// </summary>
/// <remarks>
/// Beside the store lies <c>baton.db.bond</c>: the device and inode of the database and of its log. A log
/// that is
/// still the noted one beside a database that is not, is a stranger's. Where both are other files (a copied
/// or
/// restored folder) they are taken for a pair.
/// </remarks>
internal static class WalBond
{
    private const string Suffix = ".bond";
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Moves a log that belongs to another database out of the way. Call before the database is opened: the
    /// note
    /// of the other one must be gone before this one has a log, or that would be taken for a stranger's too.
    /// </summary>
    public static void SetStrangerAside(string path, FileIdentity database)
    {
        if (!NamesAnother(Noted(path), database))
        {
            return;
        }

        using var held = FileLock.Take(path + ".lock", Wait);
        if (Noted(path) is not { } noted || !NamesAnother(noted, database))
        {
            return;
        }

        if (FileIdentity.Of(path + "-wal") is { } log && noted.EndsWith(Text(log), StringComparison.Ordinal))
        {
            SetAside(path);
        }

        File.Delete(path + Suffix);
    }

    /// <summary>Moves whatever log there is out of the way; it is kept.</summary>
    public static void SetAside(string path)
    {
        foreach (var part in (string[])["-wal", "-shm"])
        {
            if (FileIdentity.Of(path + part) is { } identity)
            {
                File.Move(path + part, string.Create(CultureInfo.InvariantCulture,
                    $"{path}{part}.orphaned-{identity.Inode}"), overwrite: true);
            }
        }
    }

    /// <summary>Notes the database and the log that it uses now.</summary>
    public static void Note(string path, FileIdentity database)
    {
        if (FileIdentity.Of(path + "-wal") is not { } log || FileIdentity.Of(path) != database)
        {
            return;
        }

        var bond = Text(database, log);
        if (Noted(path) == bond)
        {
            return;
        }

        using var held = FileLock.Take(path + ".lock", Wait);
        var fresh = path + Suffix + ".new";
        File.WriteAllText(fresh, bond);
        File.Move(fresh, path + Suffix, overwrite: true);
    }

    private static bool NamesAnother(string? noted, FileIdentity database) =>
        noted?.StartsWith(Text(database), StringComparison.Ordinal) == false;

    private static string? Noted(string path)
    {
        try
        {
            return File.ReadAllText(path + Suffix);
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }

    private static string Text(FileIdentity database, FileIdentity log) => $"{Text(database)} {Text(log)}";

    private static string Text(FileIdentity file) =>
        string.Create(CultureInfo.InvariantCulture, $"{file.Device}:{file.Inode};");
}
