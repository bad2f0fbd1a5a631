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
        Attempt(trouble, () => WriteFile(session, order.Junit, file => JUnitFindings.Write(findings, file)));
        Attempt(trouble, () => WriteFile(session, order.Html, file => HtmlFindings.Write(findings, file)));
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
        var root = session.Settings.Workspace?.Root;
        var file = wanted ?? (findings.Mode == ValidationMode.History || root is null ? "" : WorkingMemory.DefaultFile);
        if (file.Length == 0)
        {
            return (null, null);
        }

        root ??= session.Around.WorkingFolder;
        var answer = new WorkingMemory(Path.GetFullPath(file, root)).Append(MarkdownFindings.Section(findings));
        return (file, answer.Number);
    }

    private static void WriteFile(Session session, string? file, Action<Stream> write)
    {
        if (file is not { Length: > 0 })
        {
            return;
        }

        // Whole or not at all: a build server must not read half a file.
        var path = Path.GetFullPath(file, session.Around.WorkingFolder);
        var fresh = $"{path}.{session.Around.Ids.Suffix()}.new";
        try
        {
            using (var stream = File.Create(fresh))
            {
                write(stream);
            }

            File.Move(fresh, path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            if (File.Exists(fresh))
            {
                File.Delete(fresh);
            }

            throw new IOException($"{file} can't be written: {e.Message}", e);
        }
    }

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
