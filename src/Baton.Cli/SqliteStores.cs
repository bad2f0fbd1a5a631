using Baton.Sqlite;

namespace Baton.Cli;

/// <summary>Opens the embedded store and what lies beside it.</summary>
internal static class SqliteStores
{
    private static readonly TimeSpan LongestCreation = TimeSpan.FromSeconds(30);

    /// <summary>Opens, or makes, the store of a place.</summary>
    /// <exception cref="CommandFailure">There never was a store there.</exception>
    /// <exception cref="StoreUnavailableException">The store is lost or broken.</exception>
    public static OpenStores Open(StorePlace place, OpenPurpose purpose, Surroundings around)
    {
        var mark = new EpochFile(place.EpochFile);
        var (file, isNew, isAnew) = OpenFile(place, purpose, mark, around);
        var leases = new SqliteLeaseStore(file, around.Clock, around.ClockDomain);
        if (purpose == OpenPurpose.Lead && place.Leases is null)
        {
            leases.PrepareToWrite(place.Election);
        }

        return new(place, new(() => new(leases, file.StoreId)),
            new SqliteWorkStore(file, place.Election, around.Clock, around.ClockDomain), file.StoreId,
            new WitnessFolder(place.WitnessFolder), mark)
        {
            Owned = file,
            IsNew = isNew,
            IsAnew = isAnew,
            WhoWrites = () => BlockedWriter.Find(file.Path) is { } writer ? BlockedWriter.Describe(writer) : null,
        };
    }

    /// <summary>
    /// Moves a store that can't be used aside, with its log, if it is still the one that was seen; says
    /// whether
    /// it did. Nobody makes a new store meanwhile.
    /// </summary>
    /// <exception cref="IOException">It can't be moved.</exception>
    public static bool TryMoveAside(string path, FileIdentity? seen, string aside)
    {
        using var held = FileLock.Take(path + ".lock", LongestCreation);
        if (seen is null || FileIdentity.Of(path) != seen)
        {
            return false;
        }

        foreach (var part in (string[])["", "-wal", "-shm"])
        {
            if (FileIdentity.Of(path + part) is not null)
            {
                Directory.Move(path + part, aside + part);
            }
        }

        return true;
    }

    private static (SqliteFile File, bool IsNew, bool IsAnew) OpenFile(
        StorePlace place, OpenPurpose purpose, EpochFile mark, Surroundings around)
    {
        var path = place.Store.Path;
        var isThere = FileIdentity.Of(path) is not null;
        if (isThere && purpose == OpenPurpose.Use)
        {
            // Only who leads needs the mark: a damaged one must not hide the state.
            return (SqliteFile.Open(path), false, false);
        }

        var wasThere = mark.StoreId is not null || mark.Epochs().Count > 0;
        if (!isThere && !wasThere && purpose != OpenPurpose.Initialise)
        {
            throw new CommandFailure(ErrorCode.NoWorkspace, $"there is no store at {path}",
                place.Workspace is null ? $"baton init --store {place.Store.Masked}" : "baton init");
        }

        if (!isThere && wasThere && purpose != OpenPurpose.Lead)
        {
            // A lost store is not made anew by whoever just happens to come by.
            return (SqliteFile.Open(path), false, false);
        }

        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var file = SqliteFile.OpenOrCreate(path, around.Ids.NewSecret(), out var created);
        try
        {
            if (mark.StoreId is null)
            {
                mark.Adopt(file.StoreId);
            }
        }
        catch
        {
            file.Dispose();
            throw;
        }

        return (file, created, created && wasThere);
    }
}
