using Spectre.Console;

namespace Baton.Cli;

/// <summary>
/// Shows frames on a terminal, on its other screen, until interrupted; then the terminal is as it was.
/// </summary>
internal static class MonitorScreen
{
    private const string Enter = "\e[?1049h\e[H";
    private const string Leave = "\e[?1049l";

    /// <summary>Draws at each change, and each beat for the lease bar, until stopped.</summary>
    public static async Task<int> RunAsync(
        Session session, string view, TimeSpan beat, CancellationToken stop)
    {
        var output = session.Around.Out;
        var console = AnsiConsole.Create(new()
        {
            Ansi = AnsiSupport.Yes,
            ColorSystem = session.Output.Ink.IsOn ? ColorSystemSupport.Standard : ColorSystemSupport.NoColors,
            Out = new AnsiConsoleOutput(output),
        });
        await output.WriteAsync(Enter);
        try
        {
            await console.Live(new Text("")).AutoClear(true).Overflow(VerticalOverflow.Crop).StartAsync(async live =>
            {
                var mark = 0L;
                MonitorModel? model = null;
                while (true)
                {
                    // The cursor stands below the last line, so that one is left free.
                    var size = new FrameSize(console.Profile.Width, console.Profile.Height - 1);
                    (model, var lines) = await LinesAsync(session, model, view, size);
                    live.UpdateTarget(Draw(lines, size.Columns));
                    mark = await ChangedAsync(session, mark, beat, stop);
                }
            });
        }
        finally
        {
            await output.WriteAsync(Leave);
        }

        return ExitCode.Ok;
    }

    private static async Task<long> ChangedAsync(Session session, long mark, TimeSpan beat, CancellationToken stop)
    {
        try
        {
            return await session.Work.ChangedAsync(mark, beat, stop);
        }
        catch (StoreUnavailableException)
        {
            await Task.Delay(beat, session.Around.Clock, stop);
            return mark;
        }
    }

    // A store in trouble is told of in its own words, and looked at again; a lost one is opened anew.
    private static async Task<(MonitorModel?, IReadOnlyList<FrameLine>)> LinesAsync(
        Session session, MonitorModel? before, string view, FrameSize size)
    {
        try
        {
            var model = await MonitorModel.ReadAsync(session, before);
            return (model, MonitorFrame.Of(model, view, size));
        }
        catch (StoreUnavailableException e)
        {
            if (!e.IsTransient)
            {
                session.Doubt();
            }

            return (null, [new(Plain.Line(e.Message), Tone.Bad)]);
        }
    }

    // Appended as text with a style, never as markup: what users wrote can't become a command to the screen.
    private static Paragraph Draw(IReadOnlyList<FrameLine> lines, int width)
    {
        var drawn = new Paragraph();
        foreach (var line in lines)
        {
            drawn.Append(Plain.Cut(line.Text, width) + "\n", StyleOf(line.Tone));
        }

        return drawn;
    }

    private static Style StyleOf(Tone tone) => tone switch
    {
        Tone.Title => new(decoration: Decoration.Bold),
        Tone.Faint => new(decoration: Decoration.Dim),
        Tone.Good => new(Color.Green),
        Tone.Warn => new(Color.Yellow),
        Tone.Bad => new(Color.Red),
        Tone.Normal => Style.Plain,
        _ => throw new ArgumentOutOfRangeException(nameof(tone)),
    };
}
