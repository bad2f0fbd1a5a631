using System.Security.Cryptography;

namespace Baton.Cli.Tests;

/// <summary>The program in this process, over real files in a temporary folder.</summary>
public sealed class WorkspaceTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("baton-cli-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Ten_inits_at_once_make_one_workspace()
    {
        var cancel = TestContext.Current.CancellationToken;
        var all = await Task.WhenAll(Enumerable.Range(0, 10)
            .Select(_ => Task.Run(() => PlayAsync("init", "--json"), cancel)));

        Assert.All(all, played => Assert.Equal(ExitCode.Ok, played.Exit));
        Assert.Single(all, played => played.Out.Contains("\"created\":true", StringComparison.Ordinal));
        Assert.Equal(ExitCode.Ok, (await PlayAsync("status")).Exit);
    }

    [Fact]
    public async Task Without_a_workspace_the_hint_is_init()
    {
        var played = await PlayAsync("status");

        Assert.Equal(ExitCode.Usage, played.Exit);
        Assert.Contains("hint: baton init", played.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_below_finds_the_workspace_above()
    {
        await PlayAsync("init");
        var below = _folder.CreateSubdirectory("a").CreateSubdirectory("b");

        Assert.Equal(ExitCode.Ok, (await PlayAsync(below.FullName, ["status"])).Exit);
    }

    [Fact]
    public async Task A_store_that_was_lost_is_not_made_anew_in_passing()
    {
        await PlayAsync("init");
        File.Delete(Path.Combine(_folder.FullName, ".baton", "baton.db"));

        foreach (var verb in (string[])["status", "init"])
        {
            var played = await PlayAsync(verb, "--json");
            Assert.Equal(ExitCode.Unavailable, played.Exit);
            Assert.Contains("\"code\":\"store_missing\"", played.Out, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_damaged_store_is_left_alone_until_the_doctor_moves_it_aside()
    {
        await PlayAsync("init");
        var path = Path.Combine(_folder.FullName, ".baton", "baton.db");
        await File.WriteAllTextAsync(path, "", TestContext.Current.CancellationToken);

        Assert.Equal(ExitCode.Unavailable, (await PlayAsync("status")).Exit);
        Assert.Equal(ExitCode.Unavailable, (await PlayAsync("doctor")).Exit);
        Assert.True(File.Exists(path));
        Assert.Equal(ExitCode.Ok, (await PlayAsync("doctor", "--fix")).Exit);
        Assert.False(File.Exists(path));
        Assert.NotEmpty(Directory.GetFiles(Path.GetDirectoryName(path)!, "baton.db.damaged-*"));
    }

    [Fact]
    public async Task A_damaged_mark_is_made_anew_with_the_highest_it_names()
    {
        await PlayAsync("init");
        var path = Path.Combine(_folder.FullName, ".baton", "epoch");
        new EpochFile(path).Raise(ElectionName.Main, new(41));
        await File.WriteAllTextAsync(path, (await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken))
            .Replace("main 41", "main 42", StringComparison.Ordinal), TestContext.Current.CancellationToken);

        Assert.Equal(ExitCode.Unavailable, (await PlayAsync("orchestrator", "run")).Exit);
        Assert.Equal(ExitCode.Ok, (await PlayAsync("status")).Exit);
        var told = (await PlayAsync("doctor")).Out;
        Assert.Contains("makes it anew with main 42", told, StringComparison.Ordinal);
        Assert.Equal(2, told.Split(" is damaged: ").Length);
        Assert.Equal(ExitCode.Ok, (await PlayAsync("doctor", "--fix")).Exit);
        Assert.Equal(new Epoch(42), new EpochFile(path).Read(ElectionName.Main));
    }

    [Fact]
    public async Task Broken_settings_are_named_by_file_and_line()
    {
        await PlayAsync("init");
        var path = Path.Combine(_folder.FullName, ".baton", "config.json");
        await File.WriteAllTextAsync(path, "{\n \"store\": }", TestContext.Current.CancellationToken);

        var played = await PlayAsync("status");

        Assert.Equal(ExitCode.Usage, played.Exit);
        Assert.Contains($"{path}:2", played.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Work_survives_from_one_run_to_the_next()
    {
        await PlayAsync("init");
        var made = await PlayAsync("task", "create", "--title", "one");

        Assert.Contains("\"title\":\"one\"", (await PlayAsync("task", "show", made.Out.Trim(), "--json")).Out,
            StringComparison.Ordinal);
    }

    private Task<Played> PlayAsync(params string[] args) => PlayAsync(_folder.FullName, args);

    private static async Task<Played> PlayAsync(string folder, string[] args)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var error = new StringWriter { NewLine = "\n" };
        var exit = await CommandLine.RunAsync(args, new()
        {
            Out = output,
            Error = error,
            In = TextReader.Null,
            Variable = _ => null,
            WorkingFolder = folder,
            Ids = new(BootClock.Instance, RandomNumberGenerator.Fill),
            Stop = TestContext.Current.CancellationToken,
        });
        return new(exit, output.ToString(), error.ToString());
    }
}
