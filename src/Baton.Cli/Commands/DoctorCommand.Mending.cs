using System.Globalization;
using System.Text.RegularExpressions;

namespace Baton.Cli;

// What --fix mends: a damaged mark, and a store that nobody can use. Nothing is thrown away.
internal static partial class DoctorCommand
{
    private static CheckJson Mark(Session session, StorePlace place, bool fix, Epoch? known)
    {
        try
        {
            var epochs = new EpochFile(place.EpochFile).Epochs();
            var text = epochs.Count == 0
                ? "nobody has led yet"
                : string.Join(", ", epochs.Select(pair => $"{pair.Key} {pair.Value}"));
            return new("epochs", Ok, $"the high-water mark can be read: {text}", null);
        }
        catch (StoreUnavailableException e)
        {
            return MendMark(session, place, e, fix, known);
        }
    }

    // A mark too high costs nothing; one too low could give an epoch out twice. So the highest that is named
    // anywhere wins.
    private static CheckJson MendMark(
        Session session, StorePlace place, StoreUnavailableException why, bool fix, Epoch? known)
    {
        string text;
        try
        {
            text = Directory.Exists(place.EpochFile) ? "" : File.ReadAllText(place.EpochFile);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new("epochs", Failed, why.Message, "mend its permissions");
        }

        var choice = Choose(session, text, known);
        var words = choice.Count == 0
            ? "nothing: neither it nor a store names an epoch"
            : string.Join(", ", choice.Select(pair => $"{pair.Key} {pair.Value}"));
        if (!fix)
        {
            return new("epochs", Failed, why.Message,
                $"nobody can lead with it; baton doctor --fix makes it anew with {words}");
        }

        try
        {
            var aside = Aside(session, place.EpochFile);
            Directory.Move(place.EpochFile, aside);
            var mark = new EpochFile(place.EpochFile);
            // A mark that names a store keeps a lost one from being taken for one that never was.
            mark.Adopt(StoreLine().Match(text) is { Success: true } named ? named.Groups[1].Value : "unknown");
            foreach (var (name, epoch) in choice)
            {
                mark.Raise(new(name), epoch);
            }

            return new("epochs", Fixed, $"made anew with {words}; the damaged one is {aside}", null);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or StoreUnavailableException)
        {
            return new("epochs", Failed, $"{why.Message}; it can't be made anew: {e.Message}",
                "free some space or mend the permissions, then try again");
        }
    }

    private static SortedDictionary<string, Epoch> Choose(Session session, string text, Epoch? known)
    {
        var choice = new SortedDictionary<string, Epoch>(StringComparer.Ordinal);
        foreach (Match line in EpochLine().Matches(text))
        {
            var name = line.Groups[1].Value;
            if (name is not ("store" or "checksum" or "baton-epoch") && EpochOf(line.Groups[2].Value) is { } epoch)
            {
                choice[name] = Epoch.Max(epoch, choice.GetValueOrDefault(name));
            }
        }

        if (known > Epoch.None)
        {
            var name = session.Election.Value;
            choice[name] = Epoch.Max(known.Value, choice.GetValueOrDefault(name));
        }

        return choice;
    }

    // The highest epoch that the store knows; null when it can't say.
    private static async Task<Epoch?> KnownAsync(Session session)
    {
        try
        {
            var lease = await session.Leases.ReadAsync(session.Election, session.Stop);
            return Epoch.Max(lease.Epoch, (await session.Work.SnapshotAsync(session.Stop)).Fence.Epoch);
        }
        catch (StoreUnavailableException)
        {
            // The look inside that follows meets the same, and tells it.
            return null;
        }
    }

    private static (CheckJson Check, OpenStores? Stores) Store(Session session, StorePlace place, bool fix)
    {
        var seen = place.Store.IsEmbedded ? FileIdentity.Of(place.Store.Path) : null;
        try
        {
            var stores = session.Stores;
            return (new(StoreCheck, Ok, $"{place.Store.Masked} can be opened", null), stores);
        }
        catch (StoreUnavailableException e) when (e.Code == StoreFault.Damaged && fix && place.Store.IsEmbedded)
        {
            return (MendStore(session, place, e, seen), null);
        }
        catch (StoreUnavailableException e)
        {
            return (new(StoreCheck, Failed, e.Message, HintOf(e)), null);
        }
    }

    private static CheckJson MendStore(
        Session session, StorePlace place, StoreUnavailableException why, FileIdentity? seen)
    {
        if (place.Workspace is null && !File.Exists(place.EpochFile))
        {
            return new(StoreCheck, Failed, why.Message,
                "nothing shows that it ever was a store of Baton, so it stays; name another with --store");
        }

        try
        {
            var aside = Aside(session, place.Store.Path);
            return SqliteStores.TryMoveAside(place.Store.Path, seen, aside)
                ? new(StoreCheck, Fixed, $"{why.Message}; moved aside as {aside}",
                    "put a copy back, or let an orchestrator make a new one above the known epochs: "
                    + "baton orchestrator run")
                : new(StoreCheck, Failed, $"{why.Message}; another one took its place just now", "baton doctor");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new(StoreCheck, Failed, $"{why.Message}; it can't be moved aside: {e.Message}",
                "mend the permissions, or free some space, then try again");
        }
    }

    private static string Aside(Session session, string path)
    {
        var stem = $"{path}.damaged-"
            + session.Around.Clock.GetUtcNow().UtcDateTime.ToString(
                "yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);
        return Path.Exists(stem) ? $"{stem}-{session.Around.Ids.Suffix()}" : stem;
    }

    private static Epoch? EpochOf(string text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value <= Epoch.Highest
            ? new(value)
            : null;

    [GeneratedRegex("^([A-Za-z0-9._-]{1,64}) ([0-9]{1,16})$", RegexOptions.Multiline)]
    private static partial Regex EpochLine();

    [GeneratedRegex("^store ([0-9A-Za-z-]{1,64})$", RegexOptions.Multiline)]
    private static partial Regex StoreLine();
}
