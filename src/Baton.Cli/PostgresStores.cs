using Baton.Postgres;

namespace Baton.Cli;

/// <summary>Opens a store on a PostgreSQL server, and what this host keeps beside it.</summary>
internal static class PostgresStores
{
    /// <summary>Opens, or makes, the store of a place.</summary>
    /// <exception cref="CommandFailure">There never was a store there, as far as this host knows.</exception>
    /// <exception cref="StoreUnavailableException">The store can't be reached, or is lost.</exception>
    public static OpenStores Open(StorePlace place, OpenPurpose purpose, Surroundings around)
    {
        var mark = new EpochFile(place.EpochFile);
        var (database, isNew, isAnew) = OpenDatabase(place, purpose, mark, around);
        return new(place, new(() => new(new PostgresLeaseStore(database, around.Clock), database.StoreId)),
            new PostgresWorkStore(database, place.Election, around.Clock, around.ClockDomain), database.StoreId,
            new WitnessFolder(place.WitnessFolder), mark)
        {
            Owned = database,
            IsKnownById = true,
            WhoHoldsUp = async cancel =>
                await PostgresBlocker.FindAsync(database, place.Election, around.Clock, cancel) is { } blocker
                    ? Describe(blocker) : null,
            IsNew = isNew,
            IsAnew = isAnew,
            Cautions = [.. Cautions(database)],
        };
    }

    /// <summary>Whether two addresses lead to one store now; false too where that can't be seen.</summary>
    public static bool AreOne(PostgresAddress one, PostgresAddress other)
    {
        try
        {
            using var first = PostgresDatabase.Open(one);
            using var second = PostgresDatabase.Open(other);
            return (first.StoreId, first.Place) == (second.StoreId, second.Place);
        }
        catch (StoreUnavailableException)
        {
            return false;
        }
    }

    private static (PostgresDatabase Database, bool IsNew, bool IsAnew) OpenDatabase(
        StorePlace place, OpenPurpose purpose, EpochFile mark, Surroundings around)
    {
        var address = place.Store.Address;
        if (purpose == OpenPurpose.Use)
        {
            // Only who leads needs the mark: a damaged one must not hide the state.
            var found = OpenExisting(place, mark);
            ShareAsReader(place, found);
            return (found, false, false);
        }

        var wasThere = mark.Epochs().Count > 0;
        if (wasThere != (purpose == OpenPurpose.Lead))
        {
            // A lost store is made anew only by whoever leads, one that never was only by whoever says so.
            OpenExisting(place, mark).Dispose();
        }

        var database = PostgresDatabase.OpenOrCreate(address, around.Ids.NewSecret(), out var created);
        try
        {
            HostFolder.Share(place, database.StoreId, database.Place, isReader: false);
            if (mark.StoreId is null)
            {
                Directory.CreateDirectory(Path.GetDirectoryName(place.EpochFile)!);
                mark.Adopt(database.StoreId);
            }
        }
        catch
        {
            database.Dispose();
            throw;
        }

        return (database, created, created && wasThere);
    }

    private static void ShareAsReader(StorePlace place, PostgresDatabase database)
    {
        try
        {
            HostFolder.Share(place, database.StoreId, database.Place, isReader: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Who reads needs neither mark nor witness, and may not be let into the folder.
        }
    }

    private static PostgresDatabase OpenExisting(StorePlace place, EpochFile mark)
    {
        try
        {
            return PostgresDatabase.Open(place.Store.Address);
        }
        catch (StoreUnavailableException e) when (e.Code == StoreFault.Missing)
        {
            // What this host once led in is lost; what it never knew may just not be made yet.
            throw IsKnown(mark)
                ? new StoreUnavailableException(e.Code, $"{e.Message} any more", inner: e)
                : new CommandFailure(ErrorCode.NoWorkspace, e.Message, e.Hint);
        }
    }

    private static Obstacle Describe(PostgresBlocker blocker)
    {
        if (blocker.Pid == 0)
        {
            return new("a transaction that was prepared and never finished holds a lock that Baton waits for",
                "SELECT * FROM pg_prepared_xacts names it; then COMMIT PREPARED or ROLLBACK PREPARED");
        }

        var from = blocker.Client is { } client ? $" from {client}" : "";
        var name = string.IsNullOrEmpty(blocker.Application) ? "" : $" '{blocker.Application}'";
        var state = blocker.State is { } doing ? $" ({doing})" : "";
        var since = blocker.Since is { } at ? $" in a transaction begun {at}" : " for more than a second";
        return new($"session {blocker.Pid}{name} of '{blocker.User}'{from}{state} holds a lock that Baton waits for,{since}",
            $"let it commit or roll back, or end it: SELECT pg_terminate_backend({blocker.Pid}), as '{blocker.User}' or an "
            + "administrator");
    }

    private static bool IsKnown(EpochFile mark)
    {
        try
        {
            return mark.Epochs().Count > 0;
        }
        catch (StoreUnavailableException)
        {
            // A damaged one was somebody's.
            return true;
        }
    }

    private static IEnumerable<string> Cautions(PostgresDatabase database)
    {
        if (database.IsPooled)
        {
            yield return "a pooler stands between: nothing is pushed, so a hand-over waits for the next look (ttl / 6)";
        }

        if (database.IsFragile)
        {
            yield return "the server runs with fsync = off: what it acknowledged may be gone after a loss of power";
        }
    }
}
