using Baton.Work;
using Microsoft.Extensions.Time.Testing;

namespace Baton.Tests;

public sealed class HyrmRoundTripTests : IDisposable
{
    private readonly HyrmFolder _folder = new();
    private readonly InMemoryWorkStore _store =
        new(ElectionName.Main, new FakeTimeProvider(HyrmFolder.Now), ClockDomain.Current);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task What_was_read_stands_in_the_store_as_it_was()
    {
        var cancel = TestContext.Current.CancellationToken;
        var batch = _folder.WithTasks(
            """
            "id": "late", "title": "L", "status": "pending", "depends_on": ["done", "open"]
            """,
            """
            "id": "done", "title": "D", "status": "completed", "completed_at": "2026-01-03T00:00:00Z",
            "notes": ["[2026-01-02T05:00:00.123Z] went well"], "quality_score": 7.3
            """,
            """
            "id": "open", "title": "O", "status": "in_progress"
            """)
            .With("agent-registry.json", """{"agents": [{"agent_id": "agent-1"}]}""")
            .With("orchestrator-state.json", """{"leader_epoch": 24}""")
            .ReadWhole().Batch;

        var first = await _store.ImportAsync(batch, cancel);
        Assert.Equal(new ImportAnswer(3, 0, 1, true), first);
        var tasks = (await _store.TasksAsync(new(), cancel)).ToDictionary(task => task.Id.Value);
        Assert.Equal(1, tasks["late"].OpenDependencies);
        Assert.Equal(7.3m, tasks["done"].QualityScore);
        Assert.Equal(batch.Tasks[1].Notes.AsEnumerable(), tasks["done"].Notes);
        Assert.Equal(batch.Tasks[1].CompletedAt, tasks["done"].CompletedAt);
        Assert.Null(tasks["open"].Claim);
        var snapshot = await _store.SnapshotAsync(cancel);
        Assert.Equal(new Epoch(24), snapshot.Fence.Epoch);
        Assert.Empty(snapshot.Agents);
        Assert.Equal("agent-1", Assert.Single(snapshot.Gone).Id.Value);
        var told = Assert.Single(await _store.EventsAsync(new() { Type = EventType.ImportDone }, cancel));
        Assert.Equal(3, told.Draft.Data?.Count);
    }

    [Fact]
    public async Task A_second_import_changes_nothing()
    {
        var cancel = TestContext.Current.CancellationToken;
        var batch = _folder.WithTasks("\"id\": \"a\", \"title\": \"A\"")
            .With("orchestrator-state.json", """{"leader_epoch": 3}""").ReadWhole().Batch;
        await _store.ImportAsync(batch, cancel);
        await _store.EditAsync(new("a"), new TaskEdit.Note("since then"), "me", cancel);
        var before = await _store.SnapshotAsync(cancel);

        Assert.Equal(new ImportAnswer(0, 1, 0, false), await _store.ImportAsync(batch, cancel));
        Assert.Equal(before.Seq, (await _store.SnapshotAsync(cancel)).Seq);
        var task = Assert.Single(await _store.TasksAsync(new(), cancel));
        Assert.Equal("since then", Assert.Single(task.Notes).Text);
    }
}
