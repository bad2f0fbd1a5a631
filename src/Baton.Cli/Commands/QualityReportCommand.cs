using System.CommandLine;
using System.Globalization;
using Baton.Work;

namespace Baton.Cli;

/// <summary><c>baton quality report</c>: averages, trend, best and worst.</summary>
internal static class QualityReportCommand
{
    private const int Top = 5;

    public static Verb Declare()
    {
        var since = new Option<string?>("--since")
        {
            Description = "only what was assessed in this last stretch of time, or from this day on",
            HelpName = "D|DAY",
        };
        var last = new Option<int?>("--last")
        {
            Description = $"how many of the last are compared with as many before ({QualityReport.Window})", HelpName = "N",
        };
        last.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && int.TryParse(result.Tokens[0].Value, out var count) && count < 2)
            {
                result.AddError($"--last {count}: at least 2");
            }
        });
        var byWeek = new Option<bool>("--by-week") { Description = "also the average of each week" };
        var byMonth = new Option<bool>("--by-month") { Description = "also the average of each month" };
        var (tag, limit) = (QualityCommands.TagOption(), TaskListCommand.Limit());
        limit.Description = $"how many of the best and of the worst ({Top})";
        return new("report", "what all assessments say together", session => RunAsync(session,
            session.Get(since) is { } text ? SinceOf(session, text) : null, session.Get(tag),
            session.Get(last) ?? QualityReport.Window, session.Get(limit) ?? Top,
            session.Get(byWeek), session.Get(byMonth)))
        { since, tag, last, limit, byWeek, byMonth };
    }

    private static DateTimeOffset SinceOf(Session session, string text) =>
        Durations.Parse(text) is { } span ? session.Around.Clock.GetUtcNow() - span
        : DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day)
            ? new(day.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero)
        : throw CommandFailure.Usage($"quality report: --since '{text}' is neither a duration nor a day",
            "write 7d or 2026-01-31");

    private static async Task<int> RunAsync(Session session, DateTimeOffset? since, string? tag,
        int last, int top, bool byWeek, bool byMonth)
    {
        if (byWeek && byMonth)
        {
            throw CommandFailure.Usage("quality report: --by-week and --by-month exclude each other");
        }

        var tasks = await session.Work.TasksAsync(new() { Tag = tag }, session.Stop);
        var report = QualityReport.Of(
            tasks.Where(task => since is null || QualityReport.AssessedAt(task) >= since), last);
        PeriodJson[] periods = byWeek
            ? [.. report.By(day => day.AddDays(-(((int)day.DayOfWeek + 6) % 7))).Select(one => Period(one, WeekOf(one.Begins)))]
            : byMonth ? [.. report.By(day => new(day.Year, day.Month, 1))
                .Select(one => Period(one, one.Begins.ToString("yyyy-MM", CultureInfo.InvariantCulture)))]
            : [];
        var shown = QualityReportJson.Of(report, since, tag, top, periods);
        session.Output.Data(shown, BatonJson.Default.QualityReportJson, text => Write(text, shown, session.Output));
        return ExitCode.Ok;
    }

    private static PeriodJson Period(QualityPeriod period, string name) =>
        new(name, period.Begins, period.Count, period.Average);

    private static string WeekOf(DateOnly monday)
    {
        var day = monday.ToDateTime(TimeOnly.MinValue);
        return $"{ISOWeek.GetYear(day):0000}-W{ISOWeek.GetWeekOfYear(day):00}";
    }

    private static void Write(TextWriter text, QualityReportJson report, Output output)
    {
        text.WriteLine($"assessed  {report.Assessed}"
            + (report.Unassessed > 0 ? $"; {report.Unassessed} completed without an assessment" : ""));
        if (report.Average is not { } average)
        {
            return;
        }

        text.WriteLine($"average   {Number(average)}");
        if (report.Trend is { } trend)
        {
            text.WriteLine($"trend     {trend.Direction}: {Number(trend.Recent)} over the last {trend.Count}, "
                + $"{Number(trend.Earlier)} over the {trend.Count} before");
        }

        text.WriteLine();
        var dimensions = new Table("DIMENSION", "WEIGHT", "AVERAGE", "COUNT");
        foreach (var one in report.Dimensions)
        {
            dimensions.Add(one.Name, Number(one.Weight), one.Average is { } mean ? Number(mean) : null, $"{one.Count}");
        }

        dimensions.Write(text, output);
        if (report.Periods.Count > 0)
        {
            text.WriteLine();
            var periods = new Table("PERIOD", "BEGINS", "AVERAGE", "COUNT");
            foreach (var one in report.Periods)
            {
                periods.Add(one.Period, one.Begins.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
                    Number(one.Average), $"{one.Count}");
            }

            periods.Write(text, output);
        }

        WriteTasks(text, output, "BEST", report.Best);
        WriteTasks(text, output, "WORST", report.Worst);
        if (report.Differing.Count > 0)
        {
            text.WriteLine();
            text.WriteLine(report.Differing.Count == 1 ? "1 recorded mean is not what its scores give:"
                : $"{report.Differing.Count} recorded means are not what their scores give:");
            var means = new Table("RECORDED", "COMPUTED", "ID", "TITLE");
            foreach (var one in report.Differing)
            {
                means.Add(Number(one.RecordedScore), Number(one.ComputedScore), one.Id, one.Title);
            }

            means.Write(text, output);
        }
    }

    private static void WriteTasks(TextWriter text, Output output, string title, IReadOnlyList<AssessedJson> tasks)
    {
        text.WriteLine();
        var table = new Table(title, "ID", "TITLE");
        foreach (var task in tasks)
        {
            table.Add(Number(task.Score), task.Id, task.Title);
        }

        table.Write(text, output);
    }

    private static string Number(decimal number) => number.ToString("0.0#", CultureInfo.InvariantCulture);
}
