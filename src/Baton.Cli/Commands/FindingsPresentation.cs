using System.Globalization;
using Baton.Validation;
using Baton.Work;

namespace Baton.Cli;

/// <summary>Where the findings of a validation go, beside what is printed.</summary>
/// <param name="Report">
/// The file that gets a section, relative to the workspace; null: <c>memory/working.md</c> unless a recording was
/// judged; empty: none.
/// </param>
/// <param name="Task">The task that gets a note and an assessment: its id, or the beginning of it.</param>
/// <param name="Junit">A file for build servers.</param>
/// <param name="Html">A file with the picture.</param>
internal sealed record ReportOrder(string? Report, string? Task, string? Junit, string? Html);

/// <summary>
/// Shows what a validation found: prints it, and writes report, files, note, assessment and event. What can't be
/// written is said at the end and spoils neither the findings nor what else is to be written.
/// </summary>
internal static class FindingsPresentation
{
    /// <summary>What a line of evidence begins with that belongs to the one before it.</summary>
    public const string Detail = "  ";

    // A recording may break a promise hundreds of times; JSON has them all.
    private const int MostEvidence = 20;

    /// <summary>Shows and writes it all; gives the exit code.</summary>
    public static async Task<int> PresentAsync(Session session, Findings findings, ReportOrder order)
    {
        var trouble = new List<string>();
        string? report = null;
        long? section = null;
        Attempt(trouble, () => (report, section) = Report(session, findings, order.Report));
        Attempt(trouble, () => FileOf(session, order.Junit)?.Write(session.Around.Ids.Suffix(),
            file => JUnitFindings.Write(findings, file)));
        Attempt(trouble, () => FileOf(session, order.Html)?.Write(session.Around.Ids.Suffix(),
            file => HtmlFindings.Write(findings, file)));
        await RecordAsync(session, findings, order, trouble);
        session.Output.Data(FindingsJson.Of(findings, report), BatonJson.Default.FindingsJson,
            text => Write(text, findings, session.Output.Ink));
        if (report is not null)
        {
            session.Output.Remark(section is null
                ? $"{report} holds this run already"
                : string.Create(CultureInfo.InvariantCulture, $"written to {report} as Session {section}"));
        }

        foreach (var line in trouble)
        {
            session.Around.Error.WriteLine($"baton: {Plain.Line(line)}");
        }

        await session.Around.Error.FlushAsync();
        return !findings.IsPass ? ExitCode.ValidationFailed
            : trouble.Count > 0 ? ExitCode.Failure
            : ExitCode.Ok;
    }

    /// <summary>Refuses what can't be written before anything is tried: a wrong path must not cost a run.</summary>
    /// <exception cref="CommandFailure">It can't, and why.</exception>
    public static void Check(Session session, ReportOrder order, ValidationMode mode)
    {
        try
        {
            FileOf(session, order.Junit)?.Check(session.Around.Ids.Suffix());
            FileOf(session, order.Html)?.Check(session.Around.Ids.Suffix());
            if (PlaceOf(session, order.Report, mode) is (var file, var root))
            {
                new OutputFile(file, root).RefuseWhatIsKept();
                new WorkingMemory(Path.GetFullPath(file, root)).Check();
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandFailure(ErrorCode.InputOutput, e.Message,
                "nothing was tried yet: name a file that can be written; --report '' writes none");
        }
    }

    /// <summary>Tells the log of the workspace, and the task that asked for the validation.</summary>
    private static async Task RecordAsync(Session session, Findings findings, ReportOrder order, List<string> trouble)
    {
        // Looking at a running system changes nothing in it.
        if (order.Task is null && findings.Mode != ValidationMode.Drills)
        {
            return;
        }

        try
        {
            if (order.Task is { } named)
            {
                var task = await Lookup.TaskAsync(session, named);
                var note = MeasuredAssessment.Note(findings);
                TaskEdit edit = MeasuredAssessment.Of(findings) is { } measured
                    ? new TaskEdit.Assess(measured, note)
                    : new TaskEdit.Note(note);
                var answer = await session.Work.EditAsync(task.Id, edit, session.Actor, CancellationToken.None);
                if (answer is ClaimAnswer.Refused refused)
                {
                    trouble.Add(refused.Refusal.Message);
                }
            }

            await session.Work.AskAsync(new(RequestKind.Tell, session.Actor)
            {
                Event = new(findings.IsPass ? EventType.ValidationPassed : EventType.ValidationFailed, session.Actor,
                    findings.Election.Value, $"{findings.Tally()} (mode {findings.Mode.Name()}, run {findings.RunId})"),
            }, CancellationToken.None);
        }
        catch (Exception e) when (e is StoreUnavailableException or CommandFailure)
        {
            trouble.Add(e.Message);
        }
    }

    private static (string?, long?) Report(Session session, Findings findings, string? wanted)
    {
        if (PlaceOf(session, wanted, findings.Mode) is not (var file, var root))
        {
            return (null, null);
        }

        var answer = new WorkingMemory(Path.GetFullPath(file, root)).Append(MarkdownFindings.Section(findings));
        return (file, answer.Number);
    }

    private static (string File, string Root)? PlaceOf(Session session, string? wanted, ValidationMode mode)
    {
        var root = session.Settings.Workspace?.Root;
        var file = wanted ?? (mode == ValidationMode.History || root is null ? "" : WorkingMemory.DefaultFile);
        return file.Length == 0 ? null : (file, root ?? session.Around.WorkingFolder);
    }

    private static OutputFile? FileOf(Session session, string? file) =>
        file is { Length: > 0 } ? new(file, session.Around.WorkingFolder) : null;

    private static void Attempt(List<string> trouble, Action act)
    {
        try
        {
            act();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            trouble.Add(e.Message);
        }
    }

    private static void Write(TextWriter text, Findings findings, Ink ink)
    {
        var width = findings.Criteria.Select(criterion => criterion.Id.Length).DefaultIfEmpty().Max();
        foreach (var criterion in findings.Criteria)
        {
            text.WriteLine($"{Word(criterion.Result, ink)}  {criterion.Id.PadRight(width)}  "
                + ink.Strong(Plain.Line(criterion.Title)));
            var shown = 0;
            foreach (var line in criterion.Evidence.TakeWhile(line => IsDetail(line) || shown++ <= MostEvidence))
            {
                text.WriteLine($"        {(IsDetail(line) ? Detail : "")}{ink.Faint(Plain.Line(line))}");
            }

            var all = criterion.Evidence.Count(line => !IsDetail(line));
            if (all > MostEvidence + 1)
            {
                text.WriteLine(ink.Faint($"        … and {all - MostEvidence - 1} more; --json has them all"));
            }
        }

        text.WriteLine();
        text.WriteLine($"{(findings.IsPass ? ink.Good("PASS") : ink.Bad("FAIL"))}  {findings.Tally()} in "
            + $"{FindingsWords.Span(findings.Duration)}; leader {findings.LedBy()}; run {findings.RunId}"
            + (findings.Seed is { } seed ? string.Create(CultureInfo.InvariantCulture, $", seed {seed}") : ""));
    }

    private static bool IsDetail(string line) => line.StartsWith(Detail, StringComparison.Ordinal);

    private static string Word(Judgement result, Ink ink) => result switch
    {
        Judgement.Pass => ink.Good("PASS"),
        Judgement.Fail => ink.Bad("FAIL"),
        Judgement.Skip => ink.Warn("SKIP"),
        _ => throw new ArgumentOutOfRangeException(nameof(result)),
    };
}
