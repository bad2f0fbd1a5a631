using Baton.Work;

namespace Baton.Conformance;

/// <summary>What is unread, and for whom.</summary>
public abstract partial class MessageStoreConformance
{
    [Fact]
    public async Task A_message_comes_again_until_it_is_acknowledged()
    {
        await AppearAsync("ann");
        var first = await SendAsync("bob", Audience.Direct("ann"), "one");
        await SendAsync("bob", Audience.All, "two");

        Assert.Equal("one two", await UnreadAsync("ann"));
        Assert.Equal("one two", await UnreadAsync("ann"));
        await Store.AcknowledgeAsync(new("ann"), first.Seq, Cancel);
        Assert.Equal("two", await UnreadAsync("ann"));
        Assert.Equal("two", await ReadAsync("ann"));
        Assert.Equal("", await UnreadAsync("ann"));
        await SendAsync("bob", Audience.Direct("ann"), "three");
        Assert.Equal("three", await ReadAsync("ann"));
    }

    [Fact]
    public async Task Each_reader_reads_for_itself()
    {
        await AppearAsync("ann");
        await AppearAsync("bob");
        await SendAsync("cyd", Audience.All, "one");

        Assert.Equal("one", await ReadAsync("ann"));
        Assert.Equal("one", await ReadAsync("bob"));
        Assert.Equal("", await ReadAsync("ann"));
    }

    [Fact]
    public async Task What_is_sent_to_one_name_waits_until_it_appears()
    {
        await SendAsync("bob", Audience.Direct("ann"), "one");
        await SendAsync("bob", Audience.Direct("anna"), "other");

        Assert.Equal("one", await ReadAsync("ann"));
        Assert.Equal("", await UnreadAsync("ann"));
        Assert.Equal("", await UnreadAsync("cyd"));
    }

    [Fact]
    public async Task What_was_sent_to_all_before_somebody_appeared_is_not_unread_for_them()
    {
        await SendAsync("cyd", Audience.All, "early");
        await SendAsync("cyd", Audience.Role("worker"), "early-role");
        Assert.Equal("", await UnreadAsync("ann", "worker"));
        await AppearAsync("ann");
        await JoinAsync("bob");
        await SendAsync("dan", Audience.Direct("cyd"), "hello");
        await SendAsync("eve", Audience.All, "late");
        await SendAsync("eve", Audience.Role("worker"), "late-role");

        Assert.Equal("late late-role", await ReadAsync("ann", "worker"));
        Assert.Equal("late late-role", await ReadAsync("bob"));
        // Who has sent something has appeared too.
        Assert.Equal("hello late", await ReadAsync("cyd"));
        Assert.Equal("late", await ReadAsync("dan"));
    }

    [Fact]
    public async Task A_role_is_the_one_of_the_roster_unless_another_is_named()
    {
        await JoinAsync("rev-000001", "reviewer");
        await JoinAsync("w-000001");
        await SendAsync("ann", Audience.Role("reviewer"), "review");
        await SendAsync("ann", Audience.Role("worker"), "work");

        Assert.Equal("review", await UnreadAsync("rev-000001"));
        Assert.Equal("review", await UnreadAsync("rev"));
        Assert.Equal("work", await UnreadAsync("w-000001"));
        Assert.Equal("review", await UnreadAsync("w-000001", "reviewer"));
        Assert.Equal("", await UnreadAsync("w-000001", "nobody"));
    }

    [Fact]
    public async Task Reading_by_one_role_reads_nothing_of_another()
    {
        await AppearAsync("ann");
        await SendAsync("bob", Audience.Role("reviewer"), "review");
        await SendAsync("bob", Audience.Role("worker"), "work");
        await SendAsync("bob", Audience.All, "all");

        Assert.Equal("all", await UnreadAsync("ann"));
        Assert.Equal("work all", await ReadAsync("ann", "worker"));
        Assert.Equal("", await ReadAsync("ann", "worker"));
        Assert.Equal("review", await ReadAsync("ann", "reviewer"));
        Assert.Equal("", await ReadAsync("ann"));
    }

    [Fact]
    public async Task What_one_sends_oneself_is_unread_only_if_it_was_meant_so()
    {
        await SendAsync("ann", Audience.All, "to-all");
        await SendAsync("ann", Audience.Role("worker"), "to-role");
        await SendAsync("ann", Audience.Direct("ann"), "to-self");

        Assert.Equal("to-self", await ReadAsync("ann", "worker"));
    }

    [Fact]
    public async Task A_life_reads_what_is_sent_to_it_and_to_its_name()
    {
        await JoinAsync("w-000001");
        await SendAsync("ann", Audience.Direct("w-000001"), "life");
        await SendAsync("ann", Audience.Direct("w"), "name");
        await SendAsync("ann", Audience.Direct("w-000002"), "other");

        Assert.Equal("life name", await ReadAsync("w-000001"));
        Assert.Equal("", await UnreadAsync("w-000001"));
        // What one life read of its name's, no other one reads again.
        Assert.Equal("", await UnreadAsync("w"));
        await JoinAsync("w-000002");
        Assert.Equal("other", await ReadAsync("w-000002"));
    }

    [Fact]
    public async Task Lives_beside_each_other_each_read_what_is_sent_to_all()
    {
        await JoinAsync("w-000001", isPooled: true);
        await JoinAsync("w-000002", isPooled: true);
        await SendAsync("ann", Audience.All, "one");
        await SendAsync("ann", Audience.Role(Agent.WorkerRole), "two");

        Assert.Equal("one two", await ReadAsync("w-000001"));
        Assert.Equal("one two", await ReadAsync("w-000002"));
        await JoinAsync("w-000003");
        Assert.Equal("", await UnreadAsync("w-000003"));
    }

    [Fact]
    public async Task A_new_life_goes_on_where_its_name_had_read_to()
    {
        await JoinAsync("w-000001");
        await SendAsync("ann", Audience.All, "one");
        Assert.Equal("one", await ReadAsync("w-000001"));
        await LeaveAsync("w-000001");
        await SendAsync("ann", Audience.All, "two");
        await SendAsync("ann", Audience.Role(Agent.WorkerRole), "three");

        await JoinAsync("w-000002");
        Assert.Equal("two three", await ReadAsync("w-000002"));
    }

    [Fact]
    public async Task Reading_never_goes_back_nor_beyond_what_is_there()
    {
        await AppearAsync("ann");
        await SendAsync("bob", Audience.All, "one");
        var second = await SendAsync("bob", Audience.All, "two");
        await Store.AcknowledgeAsync(new("ann"), second.Seq, Cancel);
        await Store.AcknowledgeAsync(new("ann"), 0, Cancel);
        await Store.AcknowledgeAsync(new("ann"), -7, Cancel);
        Assert.Equal("", await UnreadAsync("ann"));

        await Store.AcknowledgeAsync(new("ann"), long.MaxValue, Cancel);
        await SendAsync("bob", Audience.All, "three");
        Assert.Equal("three", await UnreadAsync("ann"));
    }
}
