using System.CommandLine;
using System.Globalization;
using System.Text.RegularExpressions;
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
        var checks = new List<CheckJson> { Folder(session, place), Mark(session, place, fix) };
        var (store, stores) = Store(session, place, fix);
        checks.Add(store);
        if (stores is not null)
        {
            await LookInsideAsync(session, checks, fix, acknowledge);
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
        return store.Result == Failed ? ExitCode.Unavailable : result == Failed ? ExitCode.Failure : ExitCode.Ok;
    }

    private static CheckJson Folder(Session session, StorePlace place)
    {
        var folder = Path.GetDirectoryName(place.Store.Path)!;
        var probe = Path.Combine(folder, $"doctor-{session.Around.Ids.Suffix()}");
        try
        {
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

    private static CheckJson Mark(Session session, StorePlace place, bool fix)
    {
        try
        {
            var epochs = new EpochFile(place.EpochFile).Epochs();
            var text = epochs.Count == 0
                ? "nobody has led yet"
                : string.Join(", ", epochs.Select(pair => $"{pair.Key} {pair.Value}"));
            return new("epochs", Ok, $"the high-water mark can be read: {text}", null);
        }
        catch (StoreUnavailableException e)
        {
            return MendMark(session, place, e, fix);
        }
    }

    // A mark too high costs nothing; one too low could give an epoch out twice. So the highest that is named
    // wins.
    private static CheckJson MendMark(Session session, StorePlace place, StoreUnavailableException why, bool fix)
    {
        string text;
        try
        {
            text = File.ReadAllText(place.EpochFile);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new("epochs", Failed, why.Message, "mend its permissions");
        }

        var named = EpochLine().Matches(text)
            .Select(match => (Name: match.Groups[1].Value, Epoch: EpochOf(match.Groups[2].Value)))
            .Where(pair => pair.Epoch is not null && pair.Name is not ("store" or "checksum" or "baton-epoch"))
            .Select(pair => (pair.Name, Epoch: pair.Epoch!.Value)).ToList();
        var choice = named.Count == 0
            ? "nothing; the store's own epochs then count alone"
            : string.Join(", ", named.Select(pair => $"{pair.Name} {pair.Epoch}"));
        if (!fix)
        {
            return new("epochs", Failed, why.Message, $"baton doctor --fix keeps what it names: {choice}");
        }

        var aside = Aside(session, place.EpochFile);
        File.Move(place.EpochFile, aside);
        var mark = new EpochFile(place.EpochFile);
        mark.Adopt("");
        foreach (var (name, epoch) in named)
        {
            mark.Raise(new(name), epoch);
        }

        return new("epochs", Fixed, $"made anew with {choice}; the damaged one is {aside}", null);
    }

    private static (CheckJson Check, OpenStores? Stores) Store(Session session, StorePlace place, bool fix)
    {
        try
        {
            var stores = session.Stores;
            return (new("store", Ok, $"{place.Store.Masked} can be opened", null), stores);
        }
        catch (StoreUnavailableException e) when (e.Code == StoreFault.Damaged && fix)
        {
            var aside = Aside(session, place.Store.Path);
            foreach (var part in (string[])["", "-wal", "-shm"])
            {
                if (File.Exists(place.Store.Path + part))
                {
                    File.Move(place.Store.Path + part, aside + part);
                }
            }

            return (new("store", Fixed, $"{e.Message}; moved aside as {aside}",
                "an orchestrator makes a new one above the known epochs: baton orchestrator run"), null);
        }
        catch (StoreUnavailableException e)
        {
            return (new("store", Failed, e.Message, e.Hint ?? ErrorTable.Of(e.Code).Hint), null);
        }
    }

    private static async Task LookInsideAsync(Session session, List<CheckJson> checks, bool fix, bool acknowledge)
    {
        try
        {
            if (acknowledge)
            {
                await session.Work.AskAsync(new(RequestKind.Acknowledge, session.Actor), session.Stop);
            }

            var status = await session.Status.ReadAsync(session.Stop);
            checks.Add(status.Snapshot.Alarm is { } alarm
                ? new("alarm", Failed, LeaderText.Alarm(alarm), "baton doctor --ack")
                : new("alarm", Ok, "no rolled back store to be told of", null));
            checks.Add(Epochs(session, status, fix));
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
            checks.Add(new("store", Failed, e.Message, e.Hint ?? ErrorTable.Of(e.Code).Hint));
        }
    }

    private static CheckJson Epochs(Session session, SystemStatus status, bool fix)
    {
        Epoch mark;
        try
        {
            mark = session.Stores.Mark.Read(session.Election);
        }
        catch (StoreUnavailableException e)
        {
            return new("fence", Failed, e.Message, e.Hint);
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

    private static string Aside(Session session, string path) => $"{path}.damaged-"
        + session.Around.Clock.GetUtcNow().UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);

    private static Epoch? EpochOf(string text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value <= Epoch.Highest
            ? new(value)
            : null;

    [GeneratedRegex("^([A-Za-z0-9._-]{1,64}) ([0-9]{1,16})$", RegexOptions.Multiline)]
    private static partial Regex EpochLine();
}
