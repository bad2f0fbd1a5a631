using System.Globalization;
using Baton.Validation;

namespace Baton.Cli;

/// <summary>
/// What this process does to its stores, written down as it happens when <c>BATON_HISTORY</c> names a folder; for
/// <c>baton validate --history</c>.
/// </summary>
internal static class Recording
{
    /// <summary>The variable that names the folder.</summary>
    public const string Variable = "BATON_HISTORY";

    private static Recorder? _recorder;
    private static volatile Term? _led;
    private static readonly Lock Gate = new();

    /// <summary>The recorder of this process; null when nothing is recorded.</summary>
    /// <exception cref="IOException">The folder can't be written to.</exception>
    public static Recorder? Of(Surroundings around)
    {
        if (around.Variable(Variable) is not { Length: > 0 } folder)
        {
            return null;
        }

        lock (Gate)
        {
            if (_recorder is null)
            {
                var name = string.Create(CultureInfo.InvariantCulture,
                    $"{ProcessIdentity.Current.Pid}-{ProcessIdentity.Current.Start}.ndjson");
                var file = HistoryFile.Append(Path.Combine(Path.GetFullPath(folder, around.WorkingFolder), name));
                _recorder = new(around.Clock, file.Write);
            }

            return _recorder;
        }
    }

    /// <summary>The stores as they are, or recorded.</summary>
    public static OpenStores Wrap(OpenStores stores, Surroundings around) => Of(around) is not { } recorder ? stores
        : stores with
        {
            Home = new(() => stores.Home.Value with { Leases = new RecordedLeases(stores.Leases, recorder) }),
            Work = new RecordedWork(stores.Work, recorder),
        };

    /// <summary>Records until when an orchestrator believes that it leads; null when nothing is recorded.</summary>
    public static Action<ElectionEvent>? Trust(Surroundings around) => Of(around) is not { } recorder ? null
        : told =>
        {
            if (told is ElectionEvent.Trusted trusted)
            {
                _led = trusted.Term;
                recorder.Take(At(trusted.Term, OperationKind.Trust, recorder) with { Until = trusted.Until });
            }
        };

    /// <summary>Records when a leadership ends before its time; null when nothing is recorded.</summary>
    public static Action<Leadership>? Yield(Surroundings around) => Of(around) is not { } recorder ? null
        : leadership => leadership.Lost.UnsafeRegister((_, _) => recorder.Take(
            At(leadership.Term, OperationKind.Yield, recorder) with { Note = leadership.LossReason?.ToString() }), null);

    /// <summary>Does what no store can fence, and records it under the term that this process led last.</summary>
    public static T Effect<T>(Surroundings around, string what, Func<T> act)
    {
        if (Of(around) is not { } recorder || _led is not { } term)
        {
            return act();
        }

        var began = recorder.Now;
        var done = act();
        recorder.Take(new(term.Holder.Value, OperationKind.Effect, began, Outcome.Ok)
        {
            Ended = recorder.Now, Epoch = term.Epoch, Note = what,
        });
        return done;
    }

    private static Operation At(Term term, OperationKind kind, Recorder recorder) =>
        new(term.Holder.Value, kind, recorder.Now, Outcome.Ok) { Ended = recorder.Now, Epoch = term.Epoch };
}
