using System.CommandLine;
using Baton.Work;

namespace Baton.Cli;

/// <summary><c>baton quality …</c>: how good the work on tasks is thought to be.</summary>
internal static class QualityCommands
{
    public static Command Declare()
    {
        var quality = new Command("quality", "assessments of the work on tasks");
        foreach (var command in (Command[])
        [
            QualityAssessCommand.Declare(), QualityReportCommand.Declare(), Unassessed(), Lessons(),
        ])
        {
            quality.Add(command);
        }

        return quality;
    }

    /// <summary>The option that takes only tasks with a tag.</summary>
    public static Option<string?> TagOption() => new("--tag") { Description = "only tasks with this tag", HelpName = "T" };

    private static Verb Unassessed()
    {
        var (tag, limit) = (TagOption(), TaskListCommand.Limit());
        return new("unassessed", "list the completed tasks that nobody has assessed, oldest first", async session =>
        {
            var report = QualityReport.Of(
                await session.Work.TasksAsync(new() { Tag = session.Get(tag) }, session.Stop));
            var tasks = report.Unassessed.Take(session.Get(limit) ?? int.MaxValue).ToArray();
            session.Output.Data([.. tasks.Select(task => TaskJson.Of(task))], BatonJson.Default.TaskJsonArray, text =>
            {
                if (tasks.Length == 0)
                {
                    session.Output.Remark("no completed task is without an assessment");
                    return;
                }

                var table = new Table("ID", "COMPLETED", "BY", "TITLE");
                foreach (var task in tasks)
                {
                    table.Add(task.Id.Value, task.CompletedAt is { } at ? Times.Text(at) : null, task.AssignedTo, task.Title);
                }

                table.Write(text, session.Output);
            });
            return ExitCode.Ok;
        })
        { tag, limit };
    }

    private static Verb Lessons()
    {
        var search = new Option<string?>("--search")
        {
            Description = "only those in whose text or task's title this word stands", HelpName = "WORD",
        };
        var (tag, limit) = (TagOption(), TaskListCommand.Limit());
        return new("lessons", "list what was learned, newest first", async session =>
        {
            var lessons = (await session.Work.TasksAsync(new() { Tag = session.Get(tag) }, session.Stop))
                .Where(task => task.Quality is not null)
                .OrderByDescending(QualityReport.AssessedAt).ThenBy(task => task.Id.Value, StringComparer.Ordinal)
                .SelectMany(LessonsOf)
                .Where(lesson => session.Get(search) is not { } word || Holds(lesson.Lesson, word) || Holds(lesson.Title, word))
                .Take(session.Get(limit) ?? int.MaxValue).ToArray();
            session.Output.Data(lessons, BatonJson.Default.LessonJsonArray, text =>
            {
                if (lessons.Length == 0)
                {
                    session.Output.Remark("no lessons");
                }

                foreach (var lesson in lessons)
                {
                    text.WriteLine(Plain.Line(lesson.Lesson));
                    text.WriteLine(session.Output.Ink.Faint($"  {lesson.Id}  {Plain.Line(lesson.Title)}, "
                        + $"{Times.Text(lesson.AssessedAt)} by {Plain.Line(lesson.AssessedBy)}"));
                }
            });
            return ExitCode.Ok;
        })
        { search, tag, limit };
    }

    private static IEnumerable<LessonJson> LessonsOf(DurableTask task) => task.Quality!.Lessons.Select(lesson =>
        new LessonJson(task.Id.Value, task.Title, task.Quality.At, task.Quality.By, task.QualityScore, lesson));

    private static bool Holds(string text, string word) => text.Contains(word, StringComparison.OrdinalIgnoreCase);
}
