using System.Collections.Immutable;
using System.CommandLine;
using Baton.Work;

namespace Baton.Cli;

/// <summary><c>baton message read</c>: what is unread; it becomes read once it is printed.</summary>
internal static class MessageReadCommand
{
    // Acknowledged together: a reader that dies in between is told that many again.
    private const int MostAtOnce = 100;

    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    /// <summary>What is to be read, and how.</summary>
    private sealed record Order(Reader Reader, int? Limit, bool IsPeek);

    public static Verb Declare()
    {
        var agent = new IdOption("--agent", IdKind.Agent) { Description = "who reads (BATON_AGENT_ID)", HelpName = "NAME" };
        var role = new Option<string?>("--role")
        {
            Description = "as which role; default the agent's on the roster",
            HelpName = "R",
        };
        var follow = new Option<bool>("--follow", "-f") { Description = "go on as they come" };
        var peek = new Option<bool>("--peek") { Description = "leave them unread" };
        var limit = TaskListCommand.Limit();
        return new("read", "read what is unread; it is read once it is printed", session =>
        {
            var name = session.Get(agent) ?? session.Actor;
            if ((MessageRules.WhyNoName("name of the reader", name)
                ?? (session.Get(role) is { } named ? MessageRules.WhyNoName("role", named) : null)) is { } why)
            {
                throw CommandFailure.Usage($"message read: {why}");
            }

            var order = new Order(new(name) { Role = session.Get(role) }, session.Get(limit), session.Get(peek));
            return session.Get(follow) ? FollowAsync(session, order) : RunAsync(session, order);
        })
        { agent, role, follow, peek, limit };
    }

    private static async Task<int> RunAsync(Session session, Order order)
    {
        await AppearAsync(session, order);
        var messages = await UnreadAsync(session, order, 0, order.Limit);
        MessageCommands.Print(session, messages, $"nothing is unread for {order.Reader.Name}");
        await AcknowledgeAsync(session, order, messages);
        return ExitCode.Ok;
    }

    private static async Task<int> FollowAsync(Session session, Order order)
    {
        await AppearAsync(session, order);
        var mark = await session.Work.ChangedAsync(0, TimeSpan.Zero, session.Stop);
        var left = order.Limit;
        long last = 0;
        while (left is null or > 0 && !session.Around.IsReaderGone())
        {
            var messages = await UnreadAsync(session, order, last, Math.Min(left ?? MostAtOnce, MostAtOnce));
            foreach (var message in messages)
            {
                Tell(session, message);
            }

            await AcknowledgeAsync(session, order, messages);
            left -= messages.Length;
            if (messages.IsEmpty)
            {
                mark = await session.Work.ChangedAsync(mark, LookEvery, session.Stop);
            }
            else
            {
                last = messages[^1].Seq;
            }
        }

        return ExitCode.Ok;
    }

    private static void Tell(Session session, Message message)
    {
        if (session.Output.IsJson)
        {
            session.Output.StreamItem(MessageJson.Of(message), BatonJson.Default.MessageJson);
            return;
        }

        foreach (var line in MessageText.Lines(message, session.Output.Ink))
        {
            session.Output.Line(line);
        }
    }

    private static ValueTask<ImmutableArray<Message>> UnreadAsync(
        Session session, Order order, long after, int? limit) => session.Messages.MessagesAsync(
            new() { UnreadFor = order.Reader, After = after, Limit = limit }, session.Stop);

    // From now on what is sent to all is unread for this reader too.
    private static async Task AppearAsync(Session session, Order order)
    {
        if (!order.IsPeek)
        {
            await session.Messages.AcknowledgeAsync(order.Reader, 0, session.Stop);
        }
    }

    private static async Task AcknowledgeAsync(Session session, Order order, ImmutableArray<Message> messages)
    {
        if (!order.IsPeek && !messages.IsEmpty)
        {
            // Only what has left this process counts as read.
            await session.Around.Out.FlushAsync(CancellationToken.None);
            await session.Messages.AcknowledgeAsync(order.Reader, messages[^1].Seq, CancellationToken.None);
        }
    }
}
