using System.Text.Json;
using Baton.Tests;

namespace Baton.Cli.Tests;

/// <summary><c>init</c> said again: it means what the workspace names, and turns to nothing else in passing.</summary>
public sealed class InitTests : IDisposable
{
    private readonly string _schema = PostgresServer.NewSchema();
    private readonly ServerPlayground _place = new("");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string Server => PostgresServer.Shared.Address(_schema);

    private string Folder => _place.PathOf("w/.baton");

    private string ConfigFile => _place.PathOf("w/.baton/config.json");

    public void Dispose() => _place.Dispose();

    [Fact]
    public async Task A_second_init_means_the_store_that_the_workspace_names()
    {
        Assert.Equal($"made {Folder}, and the store at {Server}", await OkAsync(".", "init", "w", "--store", Server));
        Assert.Equal($"{Folder} is there already, and so is the store at {Server}", await OkAsync("w", "init"));
        Assert.Equal($"{Folder} is there already, and so is the store at {Server}",
            await OkAsync("w", "init", "--leases", "store"));
        Assert.False(File.Exists(_place.PathOf("w/.baton/baton.db")), "no other store is made beside");

        PostgresServer.Shared.Do($"DROP SCHEMA {_schema} CASCADE");
        Assert.Equal($"{Folder} is there already; made the store at {Server}", await OkAsync("w", "init"));
        Assert.Equal($"made {_place.PathOf("v/.baton")}; the store at {Server} is there already",
            await OkAsync(".", "init", "v", "--store", Server));
        Assert.Equal("", (await OkAsync("w", "task", "list", "--quiet")).Trim());

        new EpochFile(Path.Combine(Assert.Single(Directory.GetDirectories(_place.PathOf("state/baton"), $"*{_schema}")), "epoch"))
            .Raise(ElectionName.Main, new(7));
        PostgresServer.Shared.Do($"DROP SCHEMA {_schema} CASCADE");
        Playground.Refuses(await RunAsync("w", "init"), ExitCode.Unavailable, "any more");
    }

    [Fact]
    public async Task A_workspace_turns_to_no_other_store()
    {
        await OkAsync(".", "init", "w", "--store", Server);
        var config = await File.ReadAllTextAsync(ConfigFile, Cancel);
        string[] others =
        [
            $"{Server}x", $"sqlite:{_place.PathOf("other.db")}", $"sqlite:{_place.PathOf("w/.baton/baton.db")}",
            PostgresServer.Shared.Address(_schema, port: 9),
        ];
        foreach (var other in others)
        {
            Playground.Refuses(await RunAsync("w", "init", ".", "--store", other), ExitCode.Conflict,
                $"has its work in {Server}, not in {other} (from --store)");
            Assert.Equal(config, await File.ReadAllTextAsync(ConfigFile, Cancel));
        }

        Playground.Refuses(await RunAsync([("BATON_STORE", $"{Server}x")], "w", "init", "."), ExitCode.Conflict,
            "(from BATON_STORE)");
        Assert.Equal("", PostgresServer.Shared.Ask($"SELECT nspname FROM pg_namespace WHERE nspname = '{_schema}x'"));
        Assert.False(File.Exists(_place.PathOf("other.db")));

        // Another name of the same server is the same store.
        var spelled = Server.Replace("127.0.0.1", "localhost", StringComparison.Ordinal);
        await OkAsync("w", "init", ".", "--store", spelled);
        Assert.Contains("localhost", await File.ReadAllTextAsync(ConfigFile, Cancel), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_embedded_store_is_left_for_another_as_long_as_it_holds_nothing()
    {
        await OkAsync(".", "init", "w");
        Assert.Equal($"{Folder} is there already; made the store at {Server}",
            await OkAsync("w", "init", ".", "--store", Server));

        await OkAsync(".", "init", "v");
        await OkAsync("v", "task", "create", "--title", "one");
        Playground.Refuses(await RunAsync("v", "init", ".", "--store", Server), ExitCode.Conflict, "has its work in sqlite:");
        Assert.Contains("one", await OkAsync("v", "task", "list"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_remembers_a_file_elsewhere()
    {
        await OkAsync(".", "init", "w", "--store", "sqlite:shared.db");
        await OkAsync("w", "task", "create", "--title", "one");
        Assert.False(File.Exists(_place.PathOf("w/.baton/baton.db")));
        await OkAsync("w", "init");
        Assert.Contains("one", await OkAsync(".", "task", "list", "--store", "sqlite:shared.db"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_election_of_the_first_init_is_kept_and_another_is_refused()
    {
        await OkAsync(".", "init", "w", "--store", Server, "--election", "night");
        Assert.Equal("night", Config().GetProperty("election").GetString());
        Assert.Contains("night", await OkAsync("w", "status"), StringComparison.Ordinal);
        await OkAsync("w", "init");
        await OkAsync("w", "init", "--election", "night");
        Playground.Refuses(await RunAsync("w", "init", "--election", "day"), ExitCode.Conflict,
            "is of the election 'night', not of 'day'");
        // Leases are moved election by election.
        await OkAsync("w", "init", "--election", "day", "--leases", "store");
        Assert.Equal("night", Config().GetProperty("election").GetString());
    }

    [Fact]
    public async Task Of_ten_at_once_one_makes_the_folder_and_of_two_stores_one_is_named()
    {
        var all = await Task.WhenAll(Enumerable.Range(0, 10)
            .Select(_ => RunAsync(".", "init", "w", "--json", "--store", Server)));
        Assert.All(all, played => Assert.True(played.Exit == 0, played.Error));
        Assert.Single(all, played => JsonDocument.Parse(played.Out).RootElement.GetProperty("data")
            .GetProperty("created").GetBoolean());

        var two = await Task.WhenAll(new[] { "a", "b" }.Select(end => RunAsync(".", "init", "v", "--store", $"{Server}{end}")));
        Assert.Equal([0, ExitCode.Conflict], two.Select(played => played.Exit).Order());
    }

    private JsonElement Config() => JsonDocument.Parse(File.ReadAllText(ConfigFile)).RootElement;

    private async Task<string> OkAsync(string folder, params string[] words)
    {
        var played = await RunAsync(folder, words);
        Assert.True(played.Exit == 0, played.Error);
        return played.Out;
    }

    private Task<Played> RunAsync(string folder, params string[] words) => RunAsync([], folder, words);

    private Task<Played> RunAsync((string, string?)[] variables, string folder, params string[] words) =>
        _place.RunAsync([("BATON_STORE", null), .. variables], _place.PathOf(folder), words);
}
