using System.CommandLine;
using Baton.Work;

namespace Baton.Cli;

/// <summary>
/// <c>baton doctor</c>: what is wrong with a workspace, and with <c>--fix</c> what can be mended at once.
/// </summary>
internal static partial class DoctorCommand
{
    private const string Ok = "ok";
    private const string Warning = "warning";
    private const string Failed = "failed";
    private const string Fixed = "fixed";
    private const string StoreCheck = "store";

    public static Verb Declare()
    {
        var fix = new Option<bool>("--fix") { Description = "mend what can be mended without losing anything" };
        var ack = new Option<bool>("--ack") { Description = "drop the alarm over a store that was rolled back" };
        return new("doctor", "check the workspace",
            session => RunAsync(session, session.Get(fix), session.Get(ack))) { fix, ack };
    }

    private static async Task<int> RunAsync(Session session, bool fix, bool acknowledge)
    {
        var place = session.Place;
        var folder = Folder(session, place);
        var (store, stores) = Store(session, place, fix);
        // First, for who keeps the rows may be what all that comes after waits for.
        var holder = stores is null || place.Store.IsEmbedded ? [] : await HolderAsync(session, stores);
        var mark = Mark(session, place, fix, stores is null ? null : await KnownAsync(session));
        var checks = new List<CheckJson> { folder, mark, store };
        if (stores is not null)
        {
            checks.AddRange(place.Store.IsEmbedded
                ? [await WriterAsync(session, stores)] : [Server(stores), .. holder]);
            var leases = await LeasesAsync(session, place, stores);
            checks.AddRange(leases);
            if (leases is not [{ Result: Failed }])
            {
                await LookInsideAsync(session, checks, fix, acknowledge);
            }
        }

        var result = checks.Any(check => check.Result == Failed) ? Failed
            : checks.Any(check => check.Result == Warning) ? Warning : Ok;
        session.Output.Data(new(result, checks), BatonJson.Default.DoctorJson, text =>
        {
            foreach (var check in checks)
            {
                text.WriteLine($"{session.Output.Ink.State(check.Result)}{new string(' ', 9 - check.Result.Length)}"
                    + $"{check.Name,-8} {Plain.Line(check.Message)}");
                if (check.Hint is not null)
                {
                    text.WriteLine($"         {"",-8} → {Plain.Line(check.Hint)}");
                }
            }
        });
        return checks.Any(check => check is { Name: StoreCheck, Result: Failed }) ? ExitCode.Unavailable
            : result == Failed ? ExitCode.Failure : ExitCode.Ok;
    }

    private static CheckJson Folder(Session session, StorePlace place)
    {
        var folder = Path.GetDirectoryName(place.EpochFile)!;
        var probe = Path.Combine(folder, $"doctor-{session.Around.Ids.Suffix()}");
        try
        {
            if (!place.Store.IsEmbedded)
            {
                // What this host keeps for a store on a server is made when it is first needed.
                Directory.CreateDirectory(folder);
            }

            File.WriteAllText(probe, "baton doctor was here\n");
            File.Delete(probe);
            return new("folder", Ok, $"{folder} can be written to", null);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new("folder", Failed, $"{folder} can't be written to: {e.Message}",
                "mend its permissions, or free some space");
        }
    }

    // A write lasts milliseconds: who holds the lock at every look has stopped, or hangs.
    private static async Task<CheckJson> WriterAsync(Session session, OpenStores stores)
    {
        const int looks = 10;
        var pause = TimeSpan.FromMilliseconds(50);
        var first = stores.WhoWrites();
        var writer = first;
        for (var look = 1; look < looks && writer is not null; look++)
        {
            await Task.Delay(pause, session.Around.Clock, session.Stop);
            writer = stores.WhoWrites() is { } now && now == first ? now : null;
        }

        return writer is null
            ? new("writer", Ok, "nobody sits on the write lock", null)
            : new("writer", Failed, $"{writer} holds the write lock of the store and does not let go",
                "let it go on (kill -CONT) or end it; a candidate ends only Baton's own, once their time has run out");
    }

    // The same on a server, where a session holds rows; nothing is said where the server can't be asked, for others tell.
    private static async Task<IReadOnlyList<CheckJson>> HolderAsync(Session session, OpenStores stores)
    {
        try
        {
            return [await stores.WhoHoldsUp(session.Stop) is { } holder
                ? new("writer", Warning, holder.Who, holder.Next)
                : new("writer", Ok, "nobody keeps the store's rows from others", null)];
        }
        catch (StoreUnavailableException)
        {
            return [];
        }
    }

    private static async Task<IReadOnlyList<CheckJson>> LeasesAsync(Session session, StorePlace place, OpenStores stores)
    {
        if (place.Leases is null)
        {
            return [];
        }

        try
        {
            await stores.Leases.ReadAsync(session.Election, session.Stop);
            return [new("leases", Ok, $"{place.Leases.Masked} answers, and the work takes its epochs", null)];
        }
        catch (StoreUnavailableException e)
        {
            return [new("leases", Failed, e.Message, HintOf(e))];
        }
        catch (CommandFailure e)
        {
            return [new("leases", Failed, e.Message, e.Hint)];
        }
    }

    // Whoever reads this has just typed what the table of errors sends to.
    private static string? HintOf(StoreUnavailableException e)
    {
        var parts = (e.Hint ?? ErrorTable.Of(e.Code).Hint ?? "").Split("; ").Where(part =>
            !part.StartsWith("baton doctor", StringComparison.Ordinal)
            || part.StartsWith("baton doctor --", StringComparison.Ordinal));
        return string.Join("; ", parts) is { Length: > 0 } hint ? hint : null;
    }

    private static CheckJson Server(OpenStores stores) => stores.Cautions.Count == 0
        ? new("server", Ok, "it keeps what it acknowledged, and pushes what changes", null)
        : new("server", Warning, string.Join("; ", stores.Cautions), "docs/guide/postgres.md");

    private static async Task LookInsideAsync(Session session, List<CheckJson> checks, bool fix, bool acknowledge)
    {
        try
        {
            var status = await session.Status.ReadAsync(session.Stop);
            checks.Add(await AlarmAsync(session, status.Snapshot.Alarm, acknowledge));
            if (Epochs(session, status, fix) is { } fence)
            {
                checks.Add(fence);
            }

            checks.Add(status.Leader.State is LeaderState.Leading
                ? new("leader", Ok, LeaderText.Line(status, new(false)), null)
                : new("leader", Warning, LeaderText.Line(status, new(false)), "baton up, or baton orchestrator run"));
            var stale = status.AgentCounts.Stale;
            checks.Add(stale == 0
                ? new("agents", Ok, "none is stale", null)
                : new("agents", Warning, $"{stale} stale, not evicted yet", "baton cleanup"));
        }
        catch (StoreUnavailableException e)
        {
            // It can be opened, and not be read: one line says so, not two that contradict each other.
            checks[checks.FindIndex(check => check.Name == StoreCheck)] = new(StoreCheck, Failed, e.Message, HintOf(e));
        }
    }

    private static async Task<CheckJson> AlarmAsync(Session session, RollbackAlarm? alarm, bool acknowledge)
    {
        if (alarm is null)
        {
            return new("alarm", Ok, $"no rolled back store to be told of{(acknowledge ? "; nothing was dropped" : "")}", null);
        }

        if (!acknowledge)
        {
            return new("alarm", Failed, LeaderText.Alarm(alarm), "baton doctor --ack");
        }

        await session.Work.AskAsync(new(RequestKind.Acknowledge, session.Actor), session.Stop);
        return new("alarm", Fixed, $"dropped the alarm of {Times.Text(alarm.At)}: the store was rolled back, it knew epoch "
            + $"{alarm.Known}, the mark {alarm.Floor}", null);
    }

    /// <summary>Whether store and mark agree; null where the mark can't be read, which was told already.</summary>
    private static CheckJson? Epochs(Session session, SystemStatus status, bool fix)
    {
        Epoch mark;
        try
        {
            mark = session.Stores.Mark.Read(session.Election);
        }
        catch (StoreUnavailableException)
        {
            return null;
        }

        var known = Epoch.Max(status.Leader.Epoch ?? Epoch.None, status.Snapshot.Fence.Epoch);
        if (known < mark)
        {
            return new("fence", Warning, $"the store knows epoch {known}, the mark {mark}: it is older than the mark",
                "the next leader begins above the mark; work since then may be lost");
        }

        if (known == mark)
        {
            return new("fence", Ok, $"store and mark agree on epoch {known}", null);
        }

        if (!fix)
        {
            return new("fence", Warning, $"the mark stands at {mark}, the store at epoch {known}",
                "baton doctor --fix");
        }

        session.Stores.Mark.Raise(session.Election, known);
        return new("fence", Fixed, $"the mark was raised from {mark} to {known}", null);
    }
}
