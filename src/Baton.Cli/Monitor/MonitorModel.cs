using System.Collections.Immutable;
using Baton.Work;

namespace Baton.Cli;

/// <summary>What a frame shows.</summary>
/// <param name="Status">The state.</param>
/// <param name="Events">The last events, oldest first.</param>
internal sealed record MonitorModel(SystemStatus Status, ImmutableArray<WorkEvent> Events)
{
    private const int MostEvents = 200;
    private const int MostOfAFeed = 5;

    private static readonly ImmutableArray<EventType> TransitionTypes =
    [
        EventType.LeaderElected, EventType.LeaderDemoted, EventType.LeaderReleased, EventType.LeaderExpired,
        EventType.StoreRolledBack,
    ];

    private static readonly ImmutableArray<EventType> CleanupTypes =
        [EventType.OrchestratorEvicted, EventType.AgentEvicted, EventType.TaskRequeued, EventType.TaskBuried];

    /// <summary>The last changes of leadership, newest first, however long ago.</summary>
    public ImmutableArray<WorkEvent> Transitions { get; init; } = [];

    /// <summary>The last that were swept, newest first, however long ago.</summary>
    public ImmutableArray<WorkEvent> Cleanups { get; init; } = [];

    /// <summary>Reads the state and the last events.</summary>
    /// <param name="session">Where.</param>
    /// <param name="before">What was read last, if anything: what it knows is not looked for again.</param>
    public static async Task<MonitorModel> ReadAsync(Session session, MonitorModel? before = null)
    {
        var status = await session.Status.ReadAsync(session.Stop);
        var events = await session.Work.EventsAsync(new() { Limit = MostEvents, Newest = true }, session.Stop);
        var known = before is not null && Follow(before.Events, events) ? before : null;
        return new(status, events)
        {
            Transitions = await FeedAsync(session, events, TransitionTypes, known?.Transitions),
            Cleanups = await FeedAsync(session, events, CleanupTypes, known?.Cleanups, IsSwept),
        };
    }

    /// <summary>The last events, newest first.</summary>
    public IEnumerable<WorkEvent> Last(int count) => Events.Reverse().Take(count);

    // What a worker gave back, or failed too often, or a person requeued, bears no epoch: no leader cleaned it up.
    private static bool IsSwept(WorkEvent told) => told.Draft.Epoch is not null;

    // The log numbers its events without a gap that a reader would have to fill.
    private static bool Follow(ImmutableArray<WorkEvent> before, ImmutableArray<WorkEvent> events) =>
        events.Length < MostEvents || (!before.IsEmpty && events[0].Seq <= before[^1].Seq + 1);

    /// <summary>The last events of some types: among those just read, else as known before, else as the store has them.</summary>
    private static async Task<ImmutableArray<WorkEvent>> FeedAsync(Session session, ImmutableArray<WorkEvent> events,
        ImmutableArray<EventType> types, ImmutableArray<WorkEvent>? known, Func<WorkEvent, bool>? isMeant = null)
    {
        bool Fits(WorkEvent told) => types.Contains(told.Draft.Type) && (isMeant is null || isMeant(told));
        var found = events.Where(Fits).ToList();
        if (found.Count < MostOfAFeed && events.Length == MostEvents)
        {
            if (known is { } earlier)
            {
                found.AddRange(earlier);
            }
            else
            {
                foreach (var type in types)
                {
                    found.AddRange((await session.Work.EventsAsync(new()
                    {
                        Type = type, Limit = isMeant is null ? MostOfAFeed : MostEvents, Newest = true,
                    }, session.Stop)).Where(Fits));
                }
            }
        }

        return [.. found.DistinctBy(told => told.Seq).OrderByDescending(told => told.Seq).Take(MostOfAFeed)];
    }
}
