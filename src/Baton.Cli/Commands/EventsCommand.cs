using System.CommandLine;
using Baton.Work;

namespace Baton.Cli;

/// <summary><c>baton events</c>: the log of what happened; with <c>--json</c> one object a line.</summary>
internal static class EventsCommand
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    public static Verb Declare()
    {
        var follow = new Option<bool>("--follow", "-f") { Description = "go on as it happens" };
        var after = new Option<long?>("--after") { Description = "only those after this number", HelpName = "SEQ" };
        var type = new Option<string?>("--type") { Description = "only this type, as task.failed", HelpName = "T" };
        Choices.Among(type, [.. EventTypes.All]);
        var limit = TaskListCommand.Limit();
        limit.Description = "no more than this many: the last ones, after --after the first ones";
        return new("events", "the log of what happened", session => RunAsync(session, new()
        {
            After = session.Get(after) ?? 0,
            Type = session.Get(type) is { } name ? EventTypes.Parse(name) : null,
            Limit = session.Get(limit),
            Newest = !session.Has(after),
        }, session.Get(follow)))
        { follow, after, type, limit };
    }

    private static async Task<int> RunAsync(Session session, EventQuery query, bool follow)
    {
        var mark = follow ? await session.Work.ChangedAsync(0, TimeSpan.Zero, session.Stop) : 0;
        var last = await PrintAsync(session, query);
        var left = query.Limit - last.Count;
        while (follow && left is null or > 0 && !session.Around.IsReaderGone())
        {
            mark = await session.Work.ChangedAsync(mark, LookEvery, session.Stop);
            last = await PrintAsync(session, query with { After = last.Seq, Newest = false, Limit = left });
            left -= last.Count;
        }

        return ExitCode.Ok;
    }

    private static async Task<(long Seq, int Count)> PrintAsync(Session session, EventQuery query)
    {
        var events = await session.Work.EventsAsync(query, session.Stop);
        foreach (var told in events)
        {
            if (session.Output.IsJson)
            {
                session.Output.StreamItem(EventJson.Of(told), BatonJson.Default.EventJson);
            }
            else
            {
                session.Output.Line(EventText.Line(told, session.Output.Ink));
            }
        }

        return (events.IsEmpty ? query.After : events[^1].Seq, events.Length);
    }
}
