using System.CommandLine;
using Baton.Work;

namespace Baton.Cli;

/// <summary><c>baton monitor</c>: a live view; <c>--once</c> prints one frame.</summary>
internal static class MonitorCommand
{
    /// <summary>How often the live view is drawn at least.</summary>
    public static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(200);
    private static readonly string[] Views = ["all", "leader", "agents", "tasks", "events"];

    public static Verb Declare()
    {
        var once = new Option<bool>("--once") { Description = "print one frame and exit" };
        var view = new Option<string>("--view")
        {
            Description = "all, leader, agents, tasks or events",
            HelpName = "NAME",
            DefaultValueFactory = _ => "all",
        };
        Choices.Among(view, Views);
        return new("monitor", "a live view of leader, agents, tasks and events", session =>
            session.Get(once) ? OnceAsync(session, session.Get(view)!) : LiveAsync(session, session.Get(view)!))
        { once, view };
    }

    private static async Task<int> OnceAsync(Session session, string view)
    {
        Print(session, await MonitorModel.ReadAsync(session), view);
        return ExitCode.Ok;
    }

    private static void Print(Session session, MonitorModel model, string view)
    {
        if (session.Output.IsJson)
        {
            session.Output.StreamItem(StatusJson.Of(model.Status), BatonJson.Default.StatusJson);
            return;
        }

        foreach (var line in MonitorFrame.Of(model, view, FrameSize.Unlimited))
        {
            session.Output.Line(line.Text);
        }
    }

    /// <summary>Whether a live view makes sense: someone watches a screen that can show it.</summary>
    public static bool CanBeLive(Session session) =>
        session.Around.IsTerminal && !session.Output.IsJson && session.Around.Variable("TERM") != "dumb";

    private static Task<int> LiveAsync(Session session, string view) => CanBeLive(session)
        ? MonitorScreen.RunAsync(session, view, Beat, session.Stop)
        : StreamAsync(session, view);

    // Where nobody watches a screen, a frame is printed whenever something happened.
    private static async Task<int> StreamAsync(Session session, string view)
    {
        (long, LeaderState, Epoch?)? shown = null;
        MonitorModel? model = null;
        var mark = 0L;
        while (!session.Around.IsReaderGone())
        {
            mark = await session.Work.ChangedAsync(mark, Beat, session.Stop);
            model = await MonitorModel.ReadAsync(session, model);
            var status = model.Status;
            var now = (status.Snapshot.Seq, status.Leader.State, status.Leader.Epoch);
            if (now == shown)
            {
                continue;
            }

            if (shown is not null && !session.Output.IsJson)
            {
                session.Output.Line("");
            }

            Print(session, model, view);
            shown = now;
        }

        return ExitCode.Ok;
    }
}
