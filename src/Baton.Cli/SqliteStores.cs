using Baton.Sqlite;

namespace Baton.Cli;

/// <summary>Opens the embedded store and what lies beside it.</summary>
internal static class SqliteStores
{
    /// <summary>Opens, or makes, the store of a place.</summary>
    /// <exception cref="CommandFailure">There never was a store there.</exception>
    /// <exception cref="StoreUnavailableException">The store is lost or broken.</exception>
    public static OpenStores Open(StorePlace place, OpenPurpose purpose, Surroundings around)
    {
        var mark = new EpochFile(place.EpochFile);
        var file = OpenFile(place, purpose, mark, around);
        return new(place, new SqliteLeaseStore(file, around.Clock, around.ClockDomain),
            new SqliteWorkStore(file, place.Election, around.Clock, around.ClockDomain),
            new WitnessFolder(place.WitnessFolder), mark) { Owned = file };
    }

    private static SqliteFile OpenFile(
        StorePlace place, OpenPurpose purpose, EpochFile mark, Surroundings around)
    {
        var path = place.Store.Path;
        var isThere = FileIdentity.Of(path) is not null;
        var wasThere = mark.StoreId is not null || mark.Epochs().Count > 0;
        if (!isThere && !wasThere && purpose != OpenPurpose.Initialise)
        {
            throw new CommandFailure(ErrorCode.NoWorkspace, $"there is no store at {path}",
                place.Workspace is null ? $"baton init --store {place.Store.Masked}" : "baton init");
        }

        if (isThere || (purpose == OpenPurpose.Use) || (purpose == OpenPurpose.Initialise && wasThere))
        {
            // A lost store is not made anew by whoever just happens to come by.
            return SqliteFile.Open(path);
        }

        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var file = SqliteFile.OpenOrCreate(path, around.Ids.NewSecret(), out _);
        mark.Adopt(file.StoreId);
        return file;
    }
}
