using System.Text;
using Baton.Sqlite;
using Microsoft.Data.Sqlite;

namespace Baton.Tests;

/// <summary>The embedded store's file when it is not what it should be.</summary>
public sealed class SqliteDamageTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("baton-test-");

    private string FilePath => PathOf("baton.db");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task The_log_of_a_lost_store_is_not_replayed_into_an_old_copy()
    {
        await MakeAsync("old");
        File.Copy(FilePath, PathOf("copy"));
        using var lost = SqliteFile.Open(FilePath);
        var busy = new SqliteWorkStore(lost, ElectionName.Main);
        for (var i = 0; i < 50; i++)
        {
            await busy.SubmitAsync([new(new($"new-{i}"), "only in the log")], "tester", Cancel);
        }

        File.Move(PathOf("copy"), FilePath, overwrite: true);
        using var file = SqliteFile.Open(FilePath);

        Assert.Equal(["old"], await TasksAsync(file));
        Assert.Equal("ok", Ask("PRAGMA integrity_check"));
        Assert.Single(_folder.GetFiles("baton.db-wal.orphaned-*"));
        // The note now names the new pair: nothing is set aside when it is opened once more.
        await new SqliteWorkStore(file, ElectionName.Main).SubmitAsync([new(new("next"), "kept")], "tester", Cancel);
        using var again = SqliteFile.Open(FilePath);
        Assert.Equal(["next", "old"], await TasksAsync(again));
    }

    [Fact]
    public async Task The_log_of_a_deleted_store_is_not_replayed_into_a_new_one()
    {
        using var lost = SqliteFile.OpenOrCreate(FilePath, "first", out _);
        await new SqliteWorkStore(lost, ElectionName.Main).SubmitAsync([new(new("t"), "lost")], "tester", Cancel);
        File.Delete(FilePath);

        using var file = SqliteFile.OpenOrCreate(FilePath, "second", out var created);

        Assert.True(created);
        Assert.Equal("second", file.StoreId);
        Assert.Empty(await TasksAsync(file));
        Assert.Single(_folder.GetFiles("baton.db-wal.orphaned-*"));
    }

    [Fact]
    public async Task A_folder_that_was_copied_whole_keeps_what_only_its_log_holds()
    {
        using var file = SqliteFile.OpenOrCreate(FilePath, "first", out _);
        await new SqliteWorkStore(file, ElectionName.Main).SubmitAsync([new(new("t"), "in the log")], "tester", Cancel);
        var copy = _folder.CreateSubdirectory("copy").FullName;
        foreach (var name in (string[])["baton.db", "baton.db-wal", "baton.db.bond"])
        {
            File.Copy(PathOf(name), Path.Combine(copy, name));
        }

        using var copied = SqliteFile.Open(Path.Combine(copy, "baton.db"));

        Assert.Equal(["t"], await TasksAsync(copied));
    }

    [Fact]
    public async Task What_was_cut_off_while_in_use_is_not_written_to_at_closing_either()
    {
        var file = SqliteFile.OpenOrCreate(FilePath, "first", out _);
        var store = new SqliteWorkStore(file, ElectionName.Main);
        await store.SubmitAsync([new(new("t"), "in the log")], "tester", Cancel);

        Truncate();
        var thrown = await Assert.ThrowsAsync<StoreUnavailableException>(
            () => store.SubmitAsync([new(new("u"), "too late")], "tester", Cancel).AsTask());
        Assert.Equal(StoreFault.Damaged, thrown.Code);
        file.Dispose();

        Assert.Equal(0, new FileInfo(FilePath).Length);
        Assert.True(File.Exists(FilePath + "-wal"), "what the log holds is kept");
        Assert.Equal(StoreFault.Damaged, Refusal().Code);
    }

    [Fact]
    public void A_text_file_is_refused_and_stays_as_it_is()
    {
        var text = string.Concat(Enumerable.Repeat("a line of something else\n", 100));
        File.WriteAllText(FilePath, text, Encoding.UTF8);

        Assert.Equal(StoreFault.Damaged, Refusal().Code);
        Assert.Equal(text, File.ReadAllText(FilePath, Encoding.UTF8));
    }

    [Theory]
    [InlineData("CREATE TABLE t (x)", "not Baton's")]
    [InlineData("PRAGMA application_id = 42; CREATE TABLE t (x)", "another program")]
    public void The_database_of_another_program_is_refused(string sql, string words)
    {
        Ask(sql);

        var refusal = Refusal();

        Assert.Equal(StoreFault.Damaged, refusal.Code);
        Assert.Contains(words, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_newer_schema_is_refused_with_both_versions()
    {
        await MakeAsync("t");
        Ask("PRAGMA user_version = 99");

        var refusal = Refusal();

        Assert.Equal(StoreFault.Newer, refusal.Code);
        Assert.Contains("99", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    [InlineData(8192)]
    [InlineData(100_000)]
    public async Task A_store_cut_short_is_refused_and_not_grown(long bytes)
    {
        await MakeAsync("t");
        using (var file = new FileStream(FilePath, FileMode.Open))
        {
            file.SetLength(bytes);
        }

        Assert.Equal(StoreFault.Damaged, Refusal().Code);
        Assert.Equal(bytes, new FileInfo(FilePath).Length);
    }

    [Fact]
    public void A_folder_in_the_place_of_the_store_is_refused()
    {
        Directory.CreateDirectory(FilePath);

        Assert.Contains("folder", Refusal().Message, StringComparison.Ordinal);
    }

    // As a faulty copy program does it: the store is in use by this process, which must not open it itself.
    private void Truncate()
    {
        using var shell = System.Diagnostics.Process.Start("/bin/sh", ["-c", ": > \"$0\"", FilePath]);
        shell.WaitForExit();
        Assert.Equal(0, shell.ExitCode);
    }

    private StoreUnavailableException Refusal() =>
        Assert.Throws<StoreUnavailableException>(() => SqliteFile.Open(FilePath).Dispose());

    private string PathOf(string name) => Path.Combine(_folder.FullName, name);

    private async Task MakeAsync(string task)
    {
        using var file = SqliteFile.OpenOrCreate(FilePath, "store-1", out _);
        await new SqliteWorkStore(file, ElectionName.Main).SubmitAsync([new(new(task), task)], "tester", Cancel);
    }

    private static async Task<string[]> TasksAsync(SqliteFile file) =>
        [.. (await new SqliteWorkStore(file, ElectionName.Main).TasksAsync(new(), Cancel))
            .Select(task => task.Id.Value).Order(StringComparer.Ordinal)];

    private string? Ask(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={FilePath};Pooling=false");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar() as string;
    }
}
