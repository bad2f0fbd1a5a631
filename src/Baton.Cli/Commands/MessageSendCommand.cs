using System.CommandLine;
using System.Text;
using Baton.Work;

namespace Baton.Cli;

/// <summary><c>baton message send</c>: to a name, to a role, or to all.</summary>
internal static class MessageSendCommand
{
    private const string WhoReads = "--to NAME, --role R or --all";

    public static Verb Declare()
    {
        var text = new Argument<string>("TEXT") { Description = "what it says; - reads standard input" };
        var to = new IdOption("--to", IdKind.Agent) { Description = "to this agent or person", HelpName = "NAME" };
        var role = Word("--role", "R", "to every agent of this role");
        var all = new Option<bool>("--all") { Description = "to all" };
        var from = Word("--from", "NAME", "who says it (BATON_AGENT_ID, else the user)");
        var subject = Word("--subject", "S", "what it is about, in a line");
        var reply = new IdOption("--reply-to", IdKind.Message)
        {
            Description = "the message that it answers; goes to its sender unless said otherwise",
            HelpName = "ID",
        };
        var type = Word("--type", "T", "a word for programs");
        var data = Word("--data", "JSON", "JSON for programs");
        var id = Word("--id", "ID", "its id; the same one twice is one message");
        return new("send", "send a message", async session =>
        {
            var answered = session.Get(reply) is { } prefix ? await MessageAsync(session, prefix) : null;
            var draft = new MessageDraft(
                IdOf(session, session.Get(id)),
                session.Get(from) ?? session.Actor,
                AudienceOf(session.Get(to), session.Get(role), session.Get(all), answered),
                await TextAsync(session.Around, session.Get(text)!, session.Stop))
            {
                Subject = session.Get(subject),
                Type = session.Get(type),
                ReplyTo = answered?.Draft.Id,
                Data = session.Get(data),
            };
            return await RunAsync(session, draft, session.Get(id) is not null);
        })
        { text, to, role, all, from, subject, reply, type, data, id };
    }

    private static Option<string?> Word(string name, string helpName, string description) =>
        new(name) { Description = description, HelpName = helpName };

    private static async Task<int> RunAsync(Session session, MessageDraft draft, bool isNamed)
    {
        // A person's name may hold a blank. No agent's role does, and a type is a word for programs.
        if ((MessageRules.WhyNot(draft) ?? WhyNoWord("type", draft.Type)
            ?? WhyNoWord("role", draft.To.Kind == AudienceKind.Role ? draft.To.Name : null)) is { } why)
        {
            throw Wrong(why, "baton message send --help");
        }

        var isThere = isNamed && (await session.Messages.MessagesAsync(new() { IdPrefix = draft.Id.Value }, session.Stop))
            .Any(known => known.Draft.Id == draft.Id);
        var message = (await session.Messages.SendAsync([draft], session.Stop))[0];
        session.Output.Data(MessageJson.Of(message), BatonJson.Default.MessageJson,
            text => text.WriteLine(message.Draft.Id));
        if (isThere)
        {
            session.Output.Remark($"{message.Draft.Id} was sent already, {Times.Text(message.At)}; nothing new was sent");
        }
        else if (await WhyNobodyAsync(session, message.Draft.To) is { } nobody)
        {
            session.Output.Remark(nobody);
        }

        return ExitCode.Ok;
    }

    private static string? WhyNoWord(string what, string? word) => word?.Any(char.IsWhiteSpace) == true
        ? $"the {what} '{word}' holds a blank; it is to be one word" : null;

    private static MessageId IdOf(Session session, string? typed) => typed is null ? session.Around.Ids.NewMessage()
        : HolderId.IsWellFormed(typed) ? new(typed)
        : throw Wrong($"'{typed}' is no id", "1 to 128 of A-Z a-z 0-9 . _ -");

    private static Audience AudienceOf(string? to, string? role, bool all, Message? answered)
    {
        var named = (to is null ? 0 : 1) + (role is null ? 0 : 1) + (all ? 1 : 0);
        if (named > 1)
        {
            throw Wrong("it goes to one name, to one role or to all, not to several of them", $"give one of {WhoReads}");
        }

        return to is not null ? Audience.Direct(to)
            : role is not null ? Audience.Role(role)
            : all ? Audience.All
            : answered is null ? throw Wrong("who is to read it?", $"give {WhoReads}")
            : answered.Draft.From == MessageRules.Announcer
                ? throw Wrong("nobody reads answers to announcements", $"give {WhoReads}")
                : Audience.Direct(answered.Draft.From);
    }

    private static async Task<Message> MessageAsync(Session session, string prefix)
    {
        var found = HolderId.IsWellFormed(prefix)
            ? await session.Messages.MessagesAsync(new() { IdPrefix = prefix }, session.Stop)
            : [];
        return Lookup.One("message", prefix, found, message => message.Draft.Id.Value);
    }

    private static async Task<string> TextAsync(Surroundings around, string typed, CancellationToken cancel)
    {
        if (typed != "-")
        {
            return typed;
        }

        // A character takes at least one byte, so what is longer than this is too long.
        var buffer = new char[MessageRules.LongestText + 2];
        try
        {
            var length = await around.In.ReadBlockAsync(buffer.AsMemory(), cancel);
            if (length == buffer.Length)
            {
                throw Wrong($"the text has more than {MessageRules.LongestText} bytes",
                    "send where it can be found instead");
            }

            var text = new string(buffer, 0, length);
            return text.EndsWith('\n') ? text[..^1].TrimEnd('\r') : text;
        }
        catch (DecoderFallbackException)
        {
            throw Wrong("standard input is not UTF-8 text", null);
        }
    }

    /// <summary>Why nobody may read it, as far as the roster tells; null where somebody will.</summary>
    private static async Task<string?> WhyNobodyAsync(Session session, Audience to)
    {
        if (to.Kind == AudienceKind.All || session.Output.IsQuiet)
        {
            return null;
        }

        var snapshot = await session.Work.SnapshotAsync(session.Stop);
        if (to.Kind == AudienceKind.Role)
        {
            return snapshot.Agents.Any(agent => agent.Role == to.Name) ? null
                : $"no agent of the role '{to.Name}' is on the roster; only who has appeared by now will find it unread";
        }

        return snapshot.Gone.FirstOrDefault(agent => agent.Id.Value == to.Name && agent.Name != to.Name) is { } gone
            ? $"{gone.Id} is {gone.Status.Name()}; a new life reads what is sent to '{gone.Name}'"
            : null;
    }

    private static CommandFailure Wrong(string why, string? hint) => CommandFailure.Usage($"message send: {why}", hint);
}
