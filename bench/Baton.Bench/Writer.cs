using System.Security.Cryptography;
using Baton.Sqlite;
using Baton.Work;

namespace Baton.Bench;

/// <summary>Submits tasks to a store without a pause, until it is killed.</summary>
internal static class Writer
{
    public static async Task<int> RunAsync(string path)
    {
        using var file = SqliteFile.Open(path);
        var store = new SqliteWorkStore(file, ElectionName.Main);
        var ids = new IdSource(BootClock.Instance, RandomNumberGenerator.Fill);
        while (true)
        {
            try
            {
                await store.SubmitAsync([new(ids.NewTask(), "filler")], "bench", CancellationToken.None);
            }
            catch (StoreUnavailableException e) when (e.IsTransient)
            {
                Console.Error.WriteLine(e.Message);
            }
        }
    }
}
