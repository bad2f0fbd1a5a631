using System.Globalization;
using Baton.Work;

namespace Baton.Cli;

/// <summary>An event as a line for people: the same in every face.</summary>
internal static class EventText
{
    /// <summary>
    /// Number, time, type and what happened; whom it happened to, and the epoch, where the words don't say
    /// it.
    /// </summary>
    public static string Line(WorkEvent told, Ink ink)
    {
        var draft = told.Draft;
        var type = $"{draft.Type.Name(),-20}";
        var tinted = draft.Type switch
        {
            EventType.LeaderElected or EventType.TaskCompleted or EventType.ValidationPassed => ink.Good(type),
            EventType.LeaderExpired or EventType.LeaderDemoted or EventType.OrchestratorEvicted
                or EventType.AgentEvicted or EventType.TaskFailed or EventType.TaskBuried
                or EventType.StoreRolledBack or EventType.ValidationFailed => ink.Bad(type),
            _ => type,
        };
        return $"{told.Seq,5}  {UtcMilliseconds.Text(told.At)}  {tinted}  {Words(draft)}";
    }

    /// <summary>The same for a narrow place: the time of the day, the type where there is room for it, what happened.</summary>
    public static string Short(WorkEvent told, int columns)
    {
        const int roomy = 60;
        var type = columns < roomy ? "" : $"{told.Draft.Type.Name(),-20}  ";
        return string.Create(CultureInfo.InvariantCulture, $"{told.At.UtcDateTime:HH:mm:ss}  {type}{Words(told.Draft)}");
    }

    private static string Words(EventDraft draft)
    {
        var subject = Says(draft.Message, draft.Subject) ? "" : $"{draft.Subject}: ";
        var epoch = draft.Epoch is { } known && !Says(draft.Message, $"epoch {known}") ? $" [epoch {known}]" : "";
        return Plain.Line($"{subject}{draft.Message}{epoch}");
    }

    private static bool Says(string message, string words) => message.Contains(words, StringComparison.Ordinal);
}
