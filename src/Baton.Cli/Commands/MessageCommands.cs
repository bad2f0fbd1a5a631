using System.CommandLine;
using Baton.Work;

namespace Baton.Cli;

/// <summary><c>baton message …</c>: between agents, and from people.</summary>
internal static class MessageCommands
{
    public static Command Declare() => new("message", "messages between agents, and from people")
    {
        MessageSendCommand.Declare(),
        List(),
        MessageReadCommand.Declare(),
    };

    /// <summary>Prints the one answer of a command that is not a stream.</summary>
    public static void Print(Session session, IReadOnlyList<Message> messages, string none)
    {
        session.Output.Data([.. messages.Select(MessageJson.Of)], BatonJson.Default.MessageJsonArray, text =>
        {
            if (messages.Count == 0)
            {
                session.Output.Remark(none);
            }

            foreach (var message in messages)
            {
                foreach (var line in MessageText.Lines(message, session.Output.Ink))
                {
                    text.WriteLine(line);
                }
            }
        });
    }

    private static Verb List()
    {
        var after = new Option<long?>("--after") { Description = "only those after this number", HelpName = "SEQ" };
        var from = new Option<string?>("--from") { Description = "only of this sender", HelpName = "NAME" };
        var to = new Option<string?>("--to") { Description = "only to this name or role", HelpName = "NAME" };
        var limit = TaskListCommand.Limit();
        limit.Description = "no more than this many: the last ones, after --after the first ones";
        return new("list", "list messages, read or not; nothing becomes read by it", async session =>
        {
            Print(session, await session.Messages.MessagesAsync(new()
            {
                After = session.Get(after) ?? 0,
                From = session.Get(from),
                To = session.Get(to),
                Limit = session.Get(limit),
                Newest = !session.Has(after),
            }, session.Stop), "no messages");
            return ExitCode.Ok;
        })
        { after, from, to, limit };
    }
}
