using System.Collections.Immutable;
using Baton.Work;

namespace Baton.Cli;

/// <summary>What a frame shows.</summary>
/// <param name="Status">The state.</param>
/// <param name="Events">The last events, oldest first.</param>
internal sealed record MonitorModel(SystemStatus Status, ImmutableArray<WorkEvent> Events)
{
    private const int MostEvents = 200;

    /// <summary>Reads the state and the last events.</summary>
    public static async Task<MonitorModel> ReadAsync(Session session)
    {
        var status = await session.Status.ReadAsync(session.Stop);
        var events = await session.Work.EventsAsync(new() { Limit = MostEvents, Newest = true }, session.Stop);
        return new(status, events);
    }

    /// <summary>The last events of a kind, newest first.</summary>
    public IEnumerable<WorkEvent> Last(int count, Func<EventType, bool>? wanted = null) =>
        Events.Reverse().Where(told => wanted?.Invoke(told.Draft.Type) ?? true).Take(count);
}
