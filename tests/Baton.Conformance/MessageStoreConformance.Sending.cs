using Baton.Work;

namespace Baton.Conformance;

/// <summary>Sending, finding, importing, and what the store itself announces.</summary>
public abstract partial class MessageStoreConformance
{
    [Fact]
    public async Task A_message_is_kept_as_it_was_sent()
    {
        var first = await SendAsync("ann", Audience.All, "first");
        var draft = Draft("ann", Audience.Role("worker"), "line one\nline two\t\u001b[31m ünïcödé 🎉") with
        {
            Subject = "a subject",
            Type = "note.made",
            ReplyTo = first.Draft.Id,
            Data = """{"n": [1, 2.50, "x"]}""",
        };
        Clock.Advance(TimeSpan.FromSeconds(1));
        var sent = Assert.Single(await Store.SendAsync([draft], Cancel));

        Assert.Equal(new Message(2, Now, draft), sent);
        Assert.Equal([first, sent], await AllAsync());
    }

    [Fact]
    public async Task Messages_are_numbered_in_the_order_of_their_sender()
    {
        var sent = await Store.SendAsync(
            [.. Enumerable.Range(0, 20).Select(n => Draft("ann", Audience.All, $"{n}"))], Cancel);
        await SendAsync("ann", Audience.All, "20");

        Assert.Equal(Enumerable.Range(1, 20).Select(n => (long)n), sent.Select(message => message.Seq));
        Assert.Equal(string.Join(' ', Enumerable.Range(0, 21)), Texts(await AllAsync()));
    }

    [Fact]
    public async Task The_same_id_twice_is_one_message()
    {
        var draft = Draft("ann", Audience.All, "one");
        var first = await Store.SendAsync([draft, draft with { Text = "again" }], Cancel);
        Clock.Advance(TimeSpan.FromSeconds(1));
        var again = await Store.SendAsync([draft with { Text = "other" }, Draft("ann", Audience.All, "two")], Cancel);

        Assert.Equal("one one", Texts(first));
        Assert.Equal(first[0], again[0]);
        Assert.Equal("one two", Texts(await AllAsync()));
    }

    [Fact]
    public async Task One_that_can_not_be_sent_keeps_all_of_them_back()
    {
        MessageDraft[] wrong =
        [
            Draft("ann", Audience.All, " "), Draft("ann", Audience.All, new('x', MessageRules.LongestText + 1)),
            Draft("ann", Audience.All, "a\0b"), Draft("", Audience.All, "x"), Draft("baton", Audience.All, "x"),
            Draft("ann", Audience.Direct(""), "x"), Draft("ann", Audience.Role("a\nb"), "x"),
            Draft("ann", Audience.All, "x") with { Data = "{" }, Draft("ann", Audience.All, "x") with { Id = default },
            Draft("ann", Audience.All, "x") with { Id = MessageRules.AnnouncementId(7) },
            Draft("ann", Audience.All, "x") with { Subject = "two\nlines" },
        ];
        foreach (var draft in wrong)
        {
            await Assert.ThrowsAsync<ArgumentException>(async () =>
                await Store.SendAsync([Draft("ann", Audience.All, "good"), draft], Cancel));
        }

        Assert.Empty(await AllAsync());
    }

    [Fact]
    public async Task Messages_are_found_by_what_is_asked()
    {
        await SendAsync("ann", Audience.All, "one");
        await SendAsync("bob", Audience.Direct("ann"), "two");
        await SendAsync("ann", Audience.Role("worker"), "three");
        await SendAsync("ann", Audience.Direct("bob"), "four");

        Assert.Equal("one three four", await FindAsync(new() { From = "ann" }));
        Assert.Equal("two", await FindAsync(new() { To = "ann" }));
        Assert.Equal("three", await FindAsync(new() { To = "worker" }));
        Assert.Equal("three four", await FindAsync(new() { After = 2 }));
        Assert.Equal("one two", await FindAsync(new() { Limit = 2 }));
        Assert.Equal("three four", await FindAsync(new() { Limit = 2, Newest = true }));
        Assert.Equal("four", await FindAsync(new() { After = 2, From = "ann", Limit = 1, Newest = true }));
        Assert.Equal("two", await FindAsync(new() { IdPrefix = "m-2" }));
        Assert.Equal("", await FindAsync(new() { IdPrefix = "%" }));
        Assert.Equal("", await FindAsync(new() { To = "cyd" }));
    }

    [Fact]
    public async Task A_message_wakes_who_waits_for_a_change()
    {
        var mark = await Work.ChangedAsync(0, TimeSpan.Zero, Cancel);
        await SendAsync("ann", Audience.All, "one");
        Assert.NotEqual(mark, await Work.ChangedAsync(mark, TimeSpan.Zero, Cancel));
    }

    [Fact]
    public async Task A_follower_misses_nothing_of_senders_at_once()
    {
        const int senders = 6;
        const int each = 25;
        var sending = Enumerable.Range(0, senders).Select(sender => Task.Run(async () =>
        {
            for (var n = 0; n < each; n++)
            {
                await Store.SendAsync(
                    [new(new($"m-{sender}-{n}"), $"s{sender}", Audience.All, $"{n}")], Cancel);
            }
        }, Cancel)).ToList();
        var seen = new List<Message>();
        while (seen.Count < senders * each)
        {
            var after = seen.Count == 0 ? 0 : seen[^1].Seq;
            seen.AddRange(await Store.MessagesAsync(new() { After = after }, Cancel));
            await Task.Yield();
        }

        await Task.WhenAll(sending);
        Assert.Equal(await AllAsync(), seen);
        foreach (var sender in seen.GroupBy(message => message.Draft.From))
        {
            Assert.Equal(Enumerable.Range(0, each).Select(n => $"{n}"), sender.Select(message => message.Draft.Text));
        }
    }

    [Fact]
    public async Task The_same_message_sent_at_once_is_one()
    {
        var draft = Draft("ann", Audience.All, "one");
        var answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ =>
            Task.Run(async () => await Store.SendAsync([draft], Cancel), Cancel)));

        var kept = Assert.Single(await AllAsync());
        Assert.All(answers, answer => Assert.Equal(kept, Assert.Single(answer)));
    }

    [Fact]
    public async Task The_leader_its_end_and_evictions_are_announced_once()
    {
        await AppearAsync("ann");
        await BeginAsync(1, Leader);
        await BeginAsync(1, Leader);
        await JoinAsync("w-000001");
        await JoinAsync("orc-000009", Agent.OrchestratorRole);
        Eviction[] evictions = [new(new("w-000001"), null, "silent"), new(new("orc-000009"), null, "dead")];
        await Work.SweepAsync(new(1), new(Leader, [.. evictions], [], []), Cancel);
        await Work.SweepAsync(new(1), new(Leader, [.. evictions], [], []), Cancel);
        await BeginAsync(2, Second, TermOf(1, Leader, TermEnd.Died));

        var told = await AllAsync();
        Assert.Equal(
            ["leader.elected", "agent.evicted", "orchestrator.evicted", "leader.expired", "leader.elected"],
            told.Select(message => message.Draft.Type));
        Assert.All(told, message =>
        {
            Assert.Equal((MessageRules.Announcer, Audience.All), (message.Draft.From, message.Draft.To));
            Assert.Equal(MessageRules.AnnouncementId(message.Seq), message.Draft.Id);
        });
        var events = (await Work.EventsAsync(new(), Cancel))
            .Where(told => MessageRules.Announcement(told.Draft) is not null).ToList();
        Assert.Equal(events.Select(written => written.Draft.Message), told.Select(message => message.Draft.Text));
        Assert.Contains("\"epoch\":2", told[^1].Draft.Data, StringComparison.Ordinal);
        Assert.Equal(Texts(told), await ReadAsync("ann"));
    }

    [Fact]
    public async Task A_buried_task_is_announced()
    {
        await BeginAsync(1, Leader);
        await JoinAsync("w-000001");
        await Work.SubmitAsync([new(new("t1"), "do t1")], "tester", Cancel);
        for (var attempt = 1; attempt <= TaskRules.MostLosses; attempt++)
        {
            await Work.ClaimAsync(new(new("w-000001"), $"s{attempt}", TaskRules.ClaimTtl), Cancel);
            await Work.SweepAsync(new(1), new(Leader, [], [new(new("t1"), attempt, 0, "silent")], []), Cancel);
        }

        var told = await AllAsync();
        Assert.Equal(["leader.elected", "task.buried"], told.Select(message => message.Draft.Type));
        Assert.Equal("t1 given up after 10 lost attempts; the last: silent", told[^1].Draft.Text);
    }

    [Fact]
    public async Task Behind_the_fence_nothing_is_announced()
    {
        await JoinAsync("w-000001");
        await BeginAsync(1, Leader);
        await BeginAsync(2, Second, TermOf(1, Leader, TermEnd.Expired));
        var before = await AllAsync();

        await Assert.ThrowsAsync<FencedException>(async () => await Work.SweepAsync(
            new(1), new(Leader, [new(new("w-000001"), null, "silent")], [], []), Cancel));
        await Assert.ThrowsAsync<FencedException>(async () => await BeginAsync(1, Leader));
        Assert.Equal(before, await AllAsync());
    }

    [Fact]
    public async Task Imported_messages_are_history_to_all_but_those_they_wait_for()
    {
        await AppearAsync("ann");
        await AppearAsync("bob");
        var at = new DateTimeOffset(2025, 12, 1, 2, 3, 4, 5, TimeSpan.Zero);
        Message Old(string from, Audience to, string text, params string[] readBy) =>
            new(99, at, Draft(from, to, text)) { ReadBy = [.. readBy] };
        var batch = new ImportBatch("there", [], [], Epoch.None)
        {
            Messages =
            [
                Old("cyd", Audience.All, "news"), Old("cyd", Audience.Role("worker"), "work"),
                Old("cyd", Audience.Direct("ann"), "waits"), Old("cyd", Audience.Direct("bob"), "known", "bob"),
            ],
        };
        Assert.Equal(4, (await Work.ImportAsync(batch, Cancel)).MessagesAdded);
        Assert.Equal(0, (await Work.ImportAsync(batch, Cancel)).MessagesAdded);

        var kept = await AllAsync();
        Assert.Equal([1, 2, 3, 4], kept.Select(message => message.Seq));
        Assert.All(kept, message => Assert.Equal(at, message.At));
        Assert.Equal(batch.Messages.Select(message => message.Draft), kept.Select(message => message.Draft));
        Assert.Equal(["bob"], kept[^1].ReadBy!.Value);
        Assert.Equal("waits", await ReadAsync("ann", "worker"));
        Assert.Equal("", await ReadAsync("bob", "worker"));
        Assert.Equal(EventType.ImportDone, Assert.Single(await Work.EventsAsync(new(), Cancel)).Draft.Type);
    }

    [Fact]
    public async Task An_import_with_a_wrong_message_takes_nothing_in()
    {
        var batch = new ImportBatch("there", [new(new("t1"), "task")], [], new(7))
        {
            Messages = [new(0, Now, Draft("ann", Audience.All, "good")), new(0, Now, Draft("ann", Audience.All, ""))],
        };
        await Assert.ThrowsAsync<ArgumentException>(async () => await Work.ImportAsync(batch, Cancel));

        Assert.Empty(await AllAsync());
        Assert.Empty(await Work.TasksAsync(new(), Cancel));
        Assert.Empty(await Work.EventsAsync(new(), Cancel));
    }

    [Fact]
    public async Task Old_messages_go_but_not_those_that_one_name_has_not_read()
    {
        await SendAsync("ann", Audience.Direct("bob"), "read");
        await ReadAsync("bob");
        await SendAsync("ann", Audience.Direct("cyd"), "waits");
        await SendAsync("ann", Audience.All, "old");
        const int batches = MessageRules.NewestKept / MessageRules.MostAtOnce;
        for (var i = 0; i <= batches; i++)
        {
            await Store.SendAsync(
                [.. Enumerable.Range(0, MessageRules.MostAtOnce).Select(n => Draft("ann", Audience.All, "x"))], Cancel);
        }

        var kept = await AllAsync();
        Assert.InRange(kept.Length, MessageRules.NewestKept + 1, MessageRules.NewestKept + MessageRules.MostAtOnce + 1);
        Assert.Equal("waits", kept[0].Draft.Text);
        Assert.Equal("x", kept[1].Draft.Text);
        Assert.Equal(3 + ((batches + 1) * MessageRules.MostAtOnce), kept[^1].Seq);
        Assert.Equal("waits", await ReadAsync("cyd"));
    }
}
