using Baton.Tests;

namespace Baton.Cli.Tests;

/// <summary>What a host keeps of stores on a server: one mark for each, whatever they are called.</summary>
public sealed class StateFolderTests : IDisposable
{
    private static readonly Lazy<PostgresServer> Own = new(() =>
    {
        var server = PostgresServer.Start("fsync=off");
        AppDomain.CurrentDomain.ProcessExit += (_, _) => server.Dispose();
        return server;
    });

    private readonly ServerPlayground _place = new("");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string State => _place.PathOf("state/baton");

    public void Dispose() => _place.Dispose();

    [Fact]
    public async Task Databases_of_like_names_keep_a_mark_each()
    {
        foreach (var name in (string[])["my db", "my_db", "dätä", "dötö"])
        {
            Own.Value.Do($"CREATE DATABASE \"{name}\"");
            await OkAsync("init", "--store", In(name));
            // As if it had been led: it must not be taken for another one that was lost.
            var folder = Directory.GetDirectories(State).Where(path => Path.GetFileName(path) != "stores")
                .MaxBy(Directory.GetCreationTimeUtc)!;
            new EpochFile(Path.Combine(folder, "epoch")).Raise(ElectionName.Main, new(3));
        }

        Assert.Equal(5, Directory.GetDirectories(State).Length);
        Own.Value.Do("DROP DATABASE \"my db\"");
        Own.Value.Do("CREATE DATABASE \"my db\"");
        Playground.Refuses(await RunAsync("status", "--store", In("my db")), ExitCode.Unavailable, "any more");
    }

    [Fact]
    public async Task A_mark_under_the_name_that_a_database_once_had_on_this_host_is_found()
    {
        Own.Value.Do("CREATE DATABASE \"old one\"");
        var folder = Path.Combine(State, $"127.0.0.1-{Own.Value.Port}-old_one-baton");
        Directory.CreateDirectory(folder);
        new EpochFile(Path.Combine(folder, "epoch")).Raise(ElectionName.Main, new(3));
        Playground.Refuses(await RunAsync("status", "--store", In("old one")), ExitCode.Unavailable, "any more");

        // One that says whose it is does not serve another.
        await File.WriteAllTextAsync(Path.Combine(folder, "address"), "", Cancel);
        Playground.Refuses(await RunAsync("status", "--store", In("old one")), ExitCode.Usage, "there is no store");
    }

    [Fact]
    public async Task A_copy_in_another_database_is_another_store_and_a_renamed_one_is_the_same()
    {
        Own.Value.Do("CREATE DATABASE original");
        await LeadAsync("original", 1);
        Own.Value.Do("CREATE DATABASE copied TEMPLATE original");
        await LeadAsync("copied", 2);
        await LeadAsync("copied", 3);
        await LeadAsync("original", 2);
        Assert.DoesNotContain("store.rolled_back", await OkAsync("events", "--store", In("original")), StringComparison.Ordinal);

        Own.Value.Do("ALTER DATABASE original RENAME TO renamed");
        await LeadAsync("renamed", 3);
        Own.Value.Do("DROP SCHEMA baton CASCADE", "renamed");
        Playground.Refuses(await RunAsync("status", "--store", In("renamed")), ExitCode.Unavailable, "any more");
        await LeadAsync("renamed", 4, isThere: true);
    }

    [Fact]
    public async Task A_file_that_the_address_names_is_found_from_everywhere()
    {
        await File.WriteAllTextAsync(_place.PathOf("pf"), "", Cancel);
        File.SetUnixFileMode(_place.PathOf("pf"), UnixFileMode.UserRead);
        Own.Value.Do("CREATE DATABASE passed");
        await OkAsync("init", "w", "--store", $"{In("passed")}?passfile=pf");
        Assert.Contains($"passfile={_place.PathOf("pf")}",
            await File.ReadAllTextAsync(_place.PathOf("w/.baton/config.json"), Cancel), StringComparison.Ordinal);
        var played = await _place.RunAsync([("BATON_STORE", null)], _place.PathOf("w"), "status");
        Assert.True(played.Exit == 0, played.Error);
    }

    [Fact]
    public async Task An_address_that_is_written_wrongly_is_no_server_that_is_away()
    {
        foreach (var wrong in (string[])["postgres://baton:s3cr@t:/#%x@127.0.0.1:5432/work", "postgres://b:s3c/ret@h/d"])
        {
            var played = await RunAsync("status", "--store", wrong);
            Playground.Refuses(played, ExitCode.Usage, "%23");
            Assert.DoesNotContain("s3c", played.Error, StringComparison.Ordinal);
        }

        Playground.Refuses(await RunAsync("status", "--store", "postgres:///d?host=/no/such"), ExitCode.Unavailable,
            "there is no folder /no/such");
        Playground.Refuses(await RunAsync("status", "--store", $"postgres:///d?host={_place.Root}"), ExitCode.Unavailable,
            $"there is no socket {_place.PathOf(".s.PGSQL.5432")}");
    }

    [Fact]
    public async Task A_store_that_was_put_back_beside_one_made_anew_is_not_called_two()
    {
        Own.Value.Do("CREATE DATABASE mixed");
        await LeadAsync("mixed", 1);
        Own.Value.Do("INSERT INTO baton.fence VALUES ('main', 1, 'a-1', 'the one before') "
            + "ON CONFLICT (election) DO UPDATE SET lease_store_id = 'the one before'", "mixed");
        Playground.Refuses(await RunAsync("status", "--store", In("mixed")), ExitCode.Unavailable,
            "than its own: it was put back from a copy while orchestrators ran");
    }

    private static string In(string database) =>
        $"postgres://postgres@127.0.0.1:{Own.Value.Port}/{Uri.EscapeDataString(database)}";

    private async Task LeadAsync(string database, long epoch, bool isThere = false)
    {
        if (!isThere)
        {
            await OkAsync("init", "--store", In(database));
        }

        var elected = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var one = _place.Start([("BATON_STORE", In(database))], _place.Root, line =>
        {
            if (line.Contains("leader.elected", StringComparison.Ordinal))
            {
                elected.TrySetResult(line);
            }
        }, _ => { }, ["orchestrator", "run"]);
        Assert.EndsWith($"epoch {epoch}", await elected.Task.WaitAsync(TimeSpan.FromSeconds(60), BootClock.Instance, Cancel),
            StringComparison.Ordinal);
        Assert.Equal(0, await ServerPlayground.EndAsync(one));
    }

    private async Task<string> OkAsync(params string[] words)
    {
        var played = await RunAsync(words);
        Assert.True(played.Exit == 0, played.Error);
        return played.Out;
    }

    private Task<Played> RunAsync(params string[] words) => _place.RunAsync([("BATON_STORE", null)], _place.Root, words);
}
