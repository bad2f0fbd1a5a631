using System.CommandLine;
using System.Text.Json;
using Baton.Work;

namespace Baton.Cli;

/// <summary>
/// <c>baton run … -- CMD…</c>: claims a task, runs a command on it, and settles it by the exit code.
/// </summary>
internal static class RunCommand
{
    public static Verb Declare()
    {
        var task = new IdOption("--task", IdKind.Task) { Description = "this task", HelpName = "ID" };
        var next = new Option<bool>("--next") { Description = "the first ready task (default)" };
        var wait = new Option<bool>("--wait") { Description = "wait until there is one" };
        var agent = new Option<string?>("--agent") { Description = "the name on the roster (worker)", HelpName = "ID" };
        var role = new Option<string?>("--role") { Description = "also take tasks for this role", HelpName = "R" };
        var repeat = new Option<bool>("--repeat") { Description = "go on with the next, until stopped or drained" };
        var pooled = new Option<bool>("--pooled") { Hidden = true };
        var command = new Argument<string[]>("CMD")
        {
            Description = "the command and its arguments, after --",
            Arity = ArgumentArity.OneOrMore,
        };
        return new("run", "run a command on a task: claim, renew, complete or fail by its exit code", session =>
            RunAsync(session, new([.. session.Get(command)!])
            {
                Waits = session.Get(wait),
                Agent = NameOf(session.Get(agent)),
                Role = session.Get(role),
                Repeats = session.Get(repeat),
                IsPooled = session.Get(pooled),
            }, session.Get(task), session.Get(next)))
        { task, next, wait, agent, role, repeat, pooled, command };
    }

    private static async Task<int> RunAsync(Session session, RunOrder order, string? task, bool next)
    {
        if (task is not null && (next || order.Repeats))
        {
            throw CommandFailure.Usage($"--task names one task; {(next ? "--next" : "--repeat")} means others",
                "leave one of them out");
        }

        var stores = session.Stores;
        using var lifeline = LifelineOf(stores.Witnesses);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(session.Stop, lifeline.Cut);
        // Whatever the command leaves without a parent comes to us, and is ended with it.
        SystemCalls.AdoptOrphans();
        var runner = new TaskRunner(new(stores.Work, stores.Witnesses), order with
        {
            Task = task is null ? null : (await Lookup.TaskAsync(session, task)).Id,
            Store = stores.Place.Store.Text,
            InheritsInput = !order.Repeats,
            OwnsOrphans = true,
            Output = OutputOf(session, order),
            Errors = ErrorsOf(session, order),
        }, new(session.Around.Ids, session.Around.Clock, Describe, session.Output.Remark)
        {
            Recorder = Recording.Of(session.Around),
        })
        {
            Told = outcome => Tell(session.Output, outcome, order.Repeats),
        };
        return ExitOf(await runner.RunAsync(stop.Token), order);
    }

    private static Lifeline LifelineOf(WitnessFolder? witnesses)
    {
        try
        {
            return witnesses is null ? Lifeline.None : Lifeline.FromEnvironment(witnesses);
        }
        catch (FormatException e)
        {
            throw CommandFailure.Usage(e.Message);
        }
    }

    private static string NameOf(string? agent)
    {
        // A life's id is the name and a suffix; both must fit.
        const int longest = 100;
        return agent is null ? "worker"
            : HolderId.IsWellFormed(agent) && agent.Length <= longest ? agent
            : throw CommandFailure.Usage($"--agent '{agent}' is no name: 1 to {longest} of A-Z a-z 0-9 . _ -");
    }

    // Several commands, one after the other, share our streams: each line says whose it is, and data stays
    // clean.
    private static Func<DurableTask, ChildOutput> OutputOf(Session session, RunOrder order) => order.Repeats
        ? task => Prefixed(session, task)
        : session.Output.IsJson ? _ => ChildOutput.OurErrors : _ => ChildOutput.Same;

    private static Func<DurableTask, ChildOutput> ErrorsOf(Session session, RunOrder order) => order.Repeats
        ? task => Prefixed(session, task)
        : _ => ChildOutput.Same;

    private static ChildOutput.Lines Prefixed(Session session, DurableTask task) => new(line =>
    {
        lock (session.Around.Error)
        {
            session.Around.Error.WriteLine($"{task.Id}: {line}");
        }
    });

    private static string Describe(DurableTask task) =>
        JsonSerializer.Serialize(TaskJson.Of(task), BatonJson.Default.TaskJson);

    private static void Tell(Output output, RunOutcome outcome, bool isStream)
    {
        if (RunJson.Of(outcome) is not { } told)
        {
            return;
        }

        if (output.IsJson && isStream)
        {
            output.StreamItem(told, BatonJson.Default.RunJson);
        }
        else if (output.IsJson && outcome is RunOutcome.Completed or RunOutcome.Failed)
        {
            output.Data(told, BatonJson.Default.RunJson, _ => { });
        }
        else if (!output.IsJson && (isStream || outcome is RunOutcome.Completed or RunOutcome.Failed))
        {
            var reason = told.Reason is null ? "" : $": {told.Reason}";
            output.Remark($"{told.Task.Id} {told.Outcome}, attempt {told.Task.Attempt}{reason}");
        }
    }

    private static int ExitOf(RunOutcome outcome, RunOrder order) => outcome switch
    {
        RunOutcome.Completed or RunOutcome.Drained => ExitCode.Ok,
        RunOutcome.Failed => ExitCode.Failure,
        RunOutcome.ClaimLost lost => throw new CommandFailure(ErrorCode.ClaimLost,
            $"{lost.Task.Id}: {lost.Reason}; the command was ended"),
        RunOutcome.NothingReady nothing => throw new CommandFailure(ErrorCode.NothingReady, nothing.NextAt is { } at
            ? $"no task is ready before {Times.Text(at)}"
            : "no task is ready"),
        RunOutcome.Refused refused => throw CommandFailure.Of(refused.Refusal),
        RunOutcome.Interrupted interrupted => throw new CommandFailure(ErrorCode.Interrupted,
            interrupted.Task is { } task ? $"interrupted; {task.Id} was given back"
            : order.Repeats ? "stopped" : "interrupted"),
        _ => throw new ArgumentOutOfRangeException(nameof(outcome)),
    };
}
