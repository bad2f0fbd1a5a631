using Baton.Work;

namespace Baton.Cli;

/// <summary>The leadership in words, the same in every text face.</summary>
internal static class LeaderText
{
    /// <summary>One line: who, which epoch, what it is worth, since when.</summary>
    public static string Line(SystemStatus status, Ink ink) => Line(status.Leader, status.GeneratedAt, ink);

    /// <summary>One line: who, which epoch, what it is worth, since when.</summary>
    public static string Line(LeaderStatus leader, DateTimeOffset now, Ink ink)
    {
        var state = ink.State(LeaderJson.NameOf(leader.State));
        if (leader.State == LeaderState.None)
        {
            return $"{state}: nobody has led yet";
        }

        var where = leader.Pid is { } pid ? $" on {Plain.Line(leader.Host ?? "?")} pid {pid}" : "";
        // What has ended was not ended since it began.
        var since = leader.Since is not { } at ? ""
            : leader.IsLeading ? $", since {Times.Text(at)} ({Durations.Text(now - at)})"
            : $", begun {Times.Text(at)}";
        var left = leader is { Remaining: { } remaining, Ttl: { } ttl } && remaining > TimeSpan.Zero
            ? $", {Durations.Text(remaining)} of {Durations.Text(ttl)} left"
            : "";
        return $"{ink.Strong(leader.Id?.Value ?? "?")} epoch {leader.Epoch} {state}{where}{since}{left}";
    }

    /// <summary>The alarm over a store that is older than the high-water mark.</summary>
    public static string Alarm(RollbackAlarm alarm) =>
        $"ALARM: the store was rolled back ({Times.Text(alarm.At)}): it knew epoch {alarm.Known}, the mark "
        + $"{alarm.Floor}; later work may be lost. When you have looked: baton doctor --ack";
}
