using System.Globalization;
using Baton.Sqlite;
using Baton.Work;

namespace Baton.Tests;

/// <summary>
/// What is particular to the embedded work store; its facts as a store stand in the conformance suite.
/// </summary>
public sealed class SqliteWorkStoreTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("baton-test-");
    private readonly SqliteFile _file;

    public SqliteWorkStoreTests() => _file = SqliteFile.OpenOrCreate(FilePath, "store-1", out _);

    private string FilePath => Path.Combine(_folder.FullName, "baton.db");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _file.Dispose();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Elections_in_one_file_see_nothing_of_each_other()
    {
        var main = new SqliteWorkStore(_file, ElectionName.Main);
        var other = new SqliteWorkStore(_file, new("other"));
        foreach (var store in new[] { main, other })
        {
            await store.SubmitAsync([new(new("t1"), "one") { Key = "k" }], "tester", Cancel);
            await store.RegisterAsync(new(new("w-1"), "w", Agent.WorkerRole), Cancel);
        }

        await main.ClaimAsync(new(new("w-1"), "s", TaskRules.ClaimTtl), Cancel);
        await main.AskAsync(new(RequestKind.Sweep, "tester"), Cancel);

        var snapshot = await other.SnapshotAsync(Cancel);
        Assert.Equal(new TaskCounts(0, 1, 0, 0, 0, 0, 0), snapshot.Tasks);
        Assert.Empty(snapshot.Requests);
        Assert.Null(Assert.Single(snapshot.Agents).Task);
        Assert.Equal(2, (await other.EventsAsync(new(), Cancel)).Length);
        Assert.Equal(3, (await main.EventsAsync(new(), Cancel)).Length);
    }

    [Fact]
    public async Task The_leases_know_an_epoch_that_an_import_brought_until_somebody_led_above_it()
    {
        var (leases, work) = (new SqliteLeaseStore(_file), new SqliteWorkStore(_file, ElectionName.Main));
        Assert.Equal(Epoch.None, (await leases.ReadAsync(ElectionName.Main, Cancel)).Adopted);

        await work.ImportAsync(new("elsewhere", [], [], new(24)), Cancel);

        var view = await leases.ReadAsync(ElectionName.Main, Cancel);
        Assert.Equal((Epoch.None, new Epoch(24)), (view.Epoch, view.Adopted));
        var won = Assert.IsType<AcquireAnswer.Acquired>(await leases.TryAcquireAsync(new(ElectionName.Main,
            new(new("a-1")), TimeSpan.FromSeconds(6), new(24), 1, new(Epoch.None, 0, LeaseStanding.None)), Cancel));
        Assert.Equal((new Epoch(25), new Epoch(24)), (won.Term.Epoch, won.KnownBefore));
        await work.BeginTermAsync(new(won.Term, [], won.KnownBefore, won.KnownBefore), Cancel);
        using (var connection = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={FilePath};Pooling=False"))
        {
            connection.Open();
            using var lose = connection.CreateCommand();
            lose.CommandText = "DELETE FROM lease";
            lose.ExecuteNonQuery();
        }

        // Who led by the lost row may not have noticed: its epoch was not brought by anybody.
        Assert.Equal(Epoch.None, (await leases.ReadAsync(ElectionName.Main, Cancel)).Adopted);
    }

    [Fact]
    public void A_file_that_grows_while_two_threads_look_has_not_shrunk()
    {
        using var grown = new FileStream(FilePath, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        var over = 0;
        var faults = new System.Collections.Concurrent.ConcurrentQueue<Exception>();
        var threads = Enumerable.Range(0, 3).Select(_ => new Thread(Look)).ToList();
        threads.ForEach(thread => thread.Start());
        var begin = grown.Length;
        for (var more = 1; more <= 50_000 && faults.IsEmpty; more++)
        {
            grown.SetLength(begin + more);
        }

        Volatile.Write(ref over, 1);
        threads.ForEach(thread => thread.Join());
        Assert.Empty(faults);

        void Look()
        {
            while (Volatile.Read(ref over) == 0)
            {
                try
                {
                    _file.RequireUnreplaced();
                }
                catch (StoreUnavailableException e)
                {
                    faults.Enqueue(e);
                    return;
                }
            }
        }
    }

    [Fact]
    public async Task What_was_written_is_there_after_opening_again()
    {
        var store = new SqliteWorkStore(_file, ElectionName.Main);
        await store.SubmitAsync([new(new("t1"), "one")], "tester", Cancel);
        using var again = SqliteFile.Open(FilePath);
        var tasks = await new SqliteWorkStore(again, ElectionName.Main).TasksAsync(new(), Cancel);
        Assert.Equal("t1", Assert.Single(tasks).Id.Value);
    }

    [Fact]
    public async Task Another_connection_wakes_who_waits_for_a_change()
    {
        var waiter = new SqliteWorkStore(_file, ElectionName.Main);
        using var file = SqliteFile.Open(FilePath);
        var writer = new SqliteWorkStore(file, ElectionName.Main);
        var mark = await waiter.ChangedAsync(0, TimeSpan.Zero, Cancel);
        var waiting = waiter.ChangedAsync(mark, TimeSpan.FromMinutes(5), Cancel);
        await writer.SubmitAsync([new(new("t1"), "one")], "tester", Cancel);
        Assert.NotEqual(mark, await waiting.AsTask().WaitAsync(TimeSpan.FromMinutes(1), TimeProvider.System, Cancel));
    }

    [Fact]
    public async Task A_replaced_file_is_noticed_by_every_verb()
    {
        var store = new SqliteWorkStore(_file, ElectionName.Main);
        File.Move(FilePath, FilePath + ".gone");
        async Task<string> FaultAsync(Func<ValueTask> verb) =>
            (await Assert.ThrowsAsync<StoreUnavailableException>(() => verb().AsTask())).Code;

        Assert.Equal(StoreFault.Replaced, await FaultAsync(async () => await store.SnapshotAsync(Cancel)));
        Assert.Equal(StoreFault.Replaced,
            await FaultAsync(async () => await store.SubmitAsync([new(new("t1"), "one")], "tester", Cancel)));
        Assert.Equal(StoreFault.Replaced,
            await FaultAsync(async () => await store.ChangedAsync(0, TimeSpan.Zero, Cancel)));
    }

    /// <summary>
    /// Random work leaves the tallies and counts that triggers and statements keep as the rows say.
    /// </summary>
    [Fact]
    public async Task Tallies_agree_with_the_rows()
    {
        const int count = 40;
        var random = new Random(20260102);
        var store = new SqliteWorkStore(_file, ElectionName.Main);
        await store.RegisterAsync(new(new("w-1"), "w", Agent.WorkerRole), Cancel);
        var tasks = Enumerable.Range(0, count).Select(i => new NewTask(new($"t{i}"), $"task {i}")
        {
            DependsOn = [.. Enumerable.Range(0, i).Where(_ => random.Next(count) < 2).Select(on => $"t{on}")],
        });
        await store.SubmitAsync([.. tasks], "tester", Cancel);
        for (var step = 0; step < 300; step++)
        {
            await StepAsync(store, random, new($"t{random.Next(count)}"), new($"t{random.Next(count)}"), step);
        }

        Assert.Equal("", _file.NewLink().Read(link => Report(link, """
            SELECT standing, count(*) FROM task GROUP BY standing
            EXCEPT SELECT name, count FROM tally
            """) + Report(link, """
            SELECT name, count FROM tally WHERE count > 0
            EXCEPT SELECT standing, count(*) FROM task GROUP BY standing
            """) + Report(link, """
            SELECT id, open_dependencies FROM task WHERE open_dependencies <> (
                SELECT count(*) FROM task_dependency d WHERE d.election = task.election AND d.task = task.id
                AND NOT EXISTS (SELECT 1 FROM task t
                    WHERE t.election = d.election AND t.id = d.depends_on AND t.status = 'completed'))
            """)));
        var counts = (await store.SnapshotAsync(Cancel)).Tasks;
        Assert.Equal(count, counts.Total);
        Assert.True(counts is { Completed: > 0, Pending: > 0 }, $"the walk should reach every corner: {counts}");
    }

    /// <summary>The next claim must not look at what is finished.</summary>
    [Fact]
    public void The_queue_has_an_index_of_its_own()
    {
        var plan = _file.NewLink().Read(link =>
        {
            using var rows = link.Command("""
                EXPLAIN QUERY PLAN SELECT id FROM task WHERE election = 'main'
                AND status = 'pending' AND open_dependencies = 0 AND (role IS NULL OR role = 'r')
                AND (needs = '[]' OR NOT EXISTS (
                    SELECT 1 FROM json_each(needs) n WHERE n.value NOT IN (SELECT c.value FROM json_each('["a"]') c)))
                AND (not_before IS NULL OR not_before <= 1) ORDER BY priority, place LIMIT 1
                """).ExecuteReader();
            var lines = new List<string>();
            while (rows.Read())
            {
                lines.Add(rows.GetString(3));
            }

            return lines;
        });
        Assert.Contains("task_ready", Assert.Single(plan, line => line.Contains(" task ", StringComparison.Ordinal)),
            StringComparison.Ordinal);
        Assert.DoesNotContain(plan, line => line.Contains("TEMP B-TREE", StringComparison.Ordinal));
    }

    private static async Task StepAsync(SqliteWorkStore store, Random random, TaskId task, TaskId other, int step)
    {
        TaskEdit? edit = random.Next(8) switch
        {
            0 => new TaskEdit.AddDependency(other),
            1 => new TaskEdit.RemoveDependency(other),
            2 when random.Next(3) == 0 => new TaskEdit.Cancel(null),
            3 => new TaskEdit.Requeue(null),
            _ => null,
        };
        if (edit is not null)
        {
            await store.EditAsync(task, edit, "tester", Cancel);
        }
        else if (await store.ClaimAsync(new(new("w-1"), $"s{step}", TaskRules.ClaimTtl), Cancel)
            is ClaimAnswer.Granted { Claim: { } claim })
        {
            await store.SettleAsync(claim, random.Next(4) switch
            {
                0 => new Settlement.Fail("broke", 1),
                1 => new Settlement.Block("stuck"),
                _ => new Settlement.Complete(null),
            }, Cancel);
        }
    }

    private static string Report(SqliteLink link, string sql)
    {
        using var rows = link.Command(sql).ExecuteReader();
        var lines = "";
        while (rows.Read())
        {
            lines += string.Create(CultureInfo.InvariantCulture, $"{rows.GetString(0)}: {rows.GetInt64(1)}\n");
        }

        return lines;
    }
}
