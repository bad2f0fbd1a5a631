using System.Collections.Immutable;
using System.CommandLine;
using System.Globalization;
using Baton.Work;

namespace Baton.Cli;

/// <summary><c>baton quality assess</c>: a person's scores, or what a machine can tell from evidence.</summary>
internal static class QualityAssessCommand
{
    private const int LongestText = 2000;
    private const int LongestName = 200;

    public static Verb Declare()
    {
        var id = Lookup.TaskArgument();
        var scores = Enum.GetValues<QualityDimension>()
            .Select(dimension => (Dimension: dimension, Option: ScoreOption(dimension))).ToArray();
        var fromEvidence = new Option<bool>("--from-evidence")
        {
            Description = "score what was measured: checks, attempts, time against the estimate; nothing else",
        };
        var note = new Option<string?>("--note") { Description = "a line about the whole", HelpName = "TEXT" };
        var strengths = Texts("--strength", "what was good; may be repeated");
        var improvements = Texts("--improvement", "what could be better; may be repeated");
        var lessons = Texts("--lesson", "what others can learn from it; may be repeated");
        var by = new Option<string?>("--by") { Description = "who judges (BATON_AGENT_ID, USER)", HelpName = "NAME" };
        var verb = new Verb("assess", "judge the work on a task", session =>
        {
            var judged = new Assessment(Checked(session.Get(by), "--by", LongestName) ?? session.Actor,
                session.Around.Clock.GetUtcNow(),
                [
                    .. scores.Select(score => session.Get(score.Option) is { } given
                        ? new DimensionScore(score.Dimension, given, null) : null).OfType<DimensionScore>(),
                ])
            {
                Notes = Checked(session.Get(note), "--note", LongestText),
                Strengths = Lines(session.Get(strengths), "--strength"),
                Improvements = Lines(session.Get(improvements), "--improvement"),
                Lessons = Lines(session.Get(lessons), "--lesson"),
            };
            return session.Get(fromEvidence) ? FromEvidenceAsync(session, session.Get(id)!, judged, session.Has(by))
                : ByPersonAsync(session, session.Get(id)!, judged);
        })
        { id };
        foreach (var (_, option) in scores)
        {
            verb.Add(option);
        }

        foreach (var option in (Option[])[fromEvidence, note, strengths, improvements, lessons, by])
        {
            verb.Add(option);
        }

        return verb;
    }

    private static Option<decimal?> ScoreOption(QualityDimension dimension) =>
        new($"--{dimension.Name().Replace('_', '-')}")
        {
            Description = string.Create(CultureInfo.InvariantCulture, $"1 to 10, weight {dimension.Weight():0.00}"),
            HelpName = "SCORE",
            CustomParser = result =>
            {
                var text = result.Tokens[0].Value;
                if (decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var score)
                    && score is >= Assessment.Lowest and <= Assessment.Highest && score.Scale <= 1)
                {
                    return score;
                }

                result.AddError($"--{dimension.Name().Replace('_', '-')} '{text}' is no score: write 1 to 10, as 7 or 7.5");
                return null;
            },
        };

    private static Option<string[]> Texts(string name, string description) =>
        new(name) { Description = description, HelpName = "TEXT", DefaultValueFactory = _ => [] };

    private static ImmutableArray<string> Lines(string[]? texts, string option) =>
        [.. (texts ?? []).Select(text => Checked(text, option, LongestText)!).Distinct()];

    private static string? Checked(string? text, string option, int longest) =>
        text is null ? null
        : string.IsNullOrWhiteSpace(text) ? throw CommandFailure.Usage($"quality assess: {option} is empty")
        : text.Any(char.IsControl) ? throw CommandFailure.Usage(
            $"quality assess: {option} holds a line break or another control character", "repeat the option for more lines")
        : text.Length > longest ? throw CommandFailure.Usage(
            $"quality assess: {option} has {text.Length} characters; at most {longest}")
        : text.Trim();

    private static async Task<int> ByPersonAsync(Session session, string id, Assessment judged)
    {
        if (judged is { Scores.IsEmpty: true, Strengths.IsEmpty: true, Improvements.IsEmpty: true,
            Lessons.IsEmpty: true, Notes: null })
        {
            throw CommandFailure.Usage("quality assess: nothing is judged",
                "give scores, as --completeness 8, or --from-evidence; baton quality assess --help");
        }

        var task = await Lookup.TaskAsync(session, id);
        return task is { Status: DurableTaskStatus.Pending, Attempt: 0, Quality: null }
            ? throw new CommandFailure(ErrorCode.Conflict, $"{task.Id} was never begun; there is no work to judge yet",
                $"baton task note {task.Id} TEXT says what is to be known before")
            : await TellAsync(session, task, judged);
    }

    private static async Task<int> FromEvidenceAsync(Session session, string id, Assessment said, bool isNamed)
    {
        if (!said.Scores.IsEmpty || said.Notes is not null || isNamed)
        {
            throw CommandFailure.Usage("quality assess: --from-evidence takes no score, no --note and no --by",
                "what a machine judges and what a person judges are two assessments: run it twice");
        }

        var task = await Lookup.TaskAsync(session, id);
        if (task.Status != DurableTaskStatus.Completed)
        {
            throw new CommandFailure(ErrorCode.Conflict,
                $"{task.Id} is {task.Status.Name()}; evidence is there once it is completed");
        }

        var events = await session.Work.EventsAsync(new() { Subject = task.Id.Value }, session.Stop);
        return MeasuredWork.Assess(task, events, said.At) is { } measured
            ? await TellAsync(session, task, measured with
            {
                Strengths = said.Strengths, Improvements = said.Improvements, Lessons = said.Lessons,
            })
            : throw new CommandFailure(ErrorCode.Conflict, $"{task.Id}: nothing was measured; no score is invented",
                $"judge it yourself: baton quality assess {task.Id} --completeness …");
    }

    private static async Task<int> TellAsync(Session session, DurableTask task, Assessment judged)
    {
        var answer = await session.Work.EditAsync(task.Id, new TaskEdit.Assess(judged), session.Actor, session.Stop);
        if (answer is not ClaimAnswer.Granted { Task: { } assessed })
        {
            throw CommandFailure.Of(((ClaimAnswer.Refused)answer).Refusal);
        }

        session.Output.Data(TaskJson.Of(assessed), BatonJson.Default.TaskJson, text =>
        {
            var score = assessed.QualityScore is { } overall
                ? overall.ToString("0.0", CultureInfo.InvariantCulture) : "no score";
            text.WriteLine($"{assessed.Id} {score}");
            foreach (var one in assessed.Quality!.Scores)
            {
                text.WriteLine(Plain.Line(string.Create(CultureInfo.InvariantCulture,
                    $"  {one.Dimension.Name(),-14} {one.Score,4:0.0}  {one.Notes}")).TrimEnd());
            }

            var left = Enum.GetValues<QualityDimension>().Where(dimension => assessed.Quality.Of(dimension) is null)
                .Select(dimension => dimension.Name()).ToArray();
            if (left.Length > 0)
            {
                text.WriteLine($"  not judged: {string.Join(", ", left)}");
            }
        });
        return ExitCode.Ok;
    }
}
