using System.CommandLine;
using System.Text.Json;
using Baton.Work;

namespace Baton.Cli;

/// <summary>
/// <c>baton run … -- CMD…</c>: claims a task, runs a command on it, and settles it by the exit code.
/// </summary>
internal static class RunCommand
{
    private const int OurOutput = 1;
    private const int OurErrors = 2;

    public static Verb Declare()
    {
        var task = new IdOption("--task", IdKind.Task) { Description = "this task", HelpName = "ID" };
        var next = new Option<bool>("--next") { Description = "the first ready task (default)" };
        var wait = new Option<bool>("--wait") { Description = "wait until there is one" };
        var agent = new Option<string?>("--agent") { Description = "the name on the roster (worker)", HelpName = "ID" };
        var skills = new SkillOptions();
        var limits = new LimitOptions();
        var repeat = new Option<bool>("--repeat") { Description = "go on with the next, until stopped or drained" };
        var pooled = new Option<bool>("--pooled") { Hidden = true };
        var command = new Argument<string[]>("CMD")
        {
            Description = "the command and its arguments, after --",
            Arity = ArgumentArity.OneOrMore,
        };
        var run = new Verb("run", "run a command on a task: claim, renew, complete or fail by its exit code", session =>
        {
            var offered = skills.Of(session);
            return RunAsync(session, new([.. session.Get(command)!])
            {
                Waits = session.Get(wait),
                Agent = AgentDesk.Checked(session.Get(agent) ?? Agent.WorkerRole, "--agent", AgentDesk.LongestName),
                Role = offered.Role,
                Can = offered.Can,
                Repeats = session.Get(repeat),
                IsPooled = session.Get(pooled),
                Stall = limits.Stall(session),
                TimeLimit = limits.TimeLimit(session),
            }, session.Get(task), session.Get(next), limits.LogBytes(session));
        })
        { task, next, wait, agent, skills.Role, skills.Can, repeat, pooled, command };
        foreach (var option in limits.All)
        {
            run.Add(option);
        }

        return run;
    }

    private static async Task<int> RunAsync(Session session, RunOrder order, string? task, bool next, long logBytes)
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
            Stores = stores.Place.Variables,
            InheritsInput = !order.Repeats,
            OwnsOrphans = true,
            Output = OutputOf(session, order, logBytes > 0),
            Errors = ErrorsOf(session, order, logBytes > 0),
            Logs = logBytes == 0 ? null : new(stores.Place.LogFolder, logBytes),
            SpecFile = work => SpecFileOf(stores.Place.Root, work),
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

    // Several commands, one after the other, share our streams: each line says whose it is, and data stays
    // clean.
    private static Func<DurableTask, ChildOutput> OutputOf(Session session, RunOrder order, bool keeps) =>
        order.Repeats ? task => Prefixed(session, task)
        : keeps ? _ => PassedOn(session.Output.IsJson ? OurErrors : OurOutput)
        : session.Output.IsJson ? _ => ChildOutput.OurErrors : _ => ChildOutput.Same;

    private static Func<DurableTask, ChildOutput> ErrorsOf(Session session, RunOrder order, bool keeps) =>
        order.Repeats ? task => Prefixed(session, task)
        : keeps ? _ => PassedOn(OurErrors) : _ => ChildOutput.Same;

    // Byte for byte. When nobody reads ours any more, the command's pipe is closed with it.
    private static ChildOutput.Chunks PassedOn(int file) => new(bytes => SystemCalls.WriteAll(file, bytes));

    private static string? SpecFileOf(string root, DurableTask task)
    {
        var path = task.SpecFile is { Length: > 0 } file ? Path.GetFullPath(file, root) : null;
        return path is not null && path.StartsWith(Path.GetFullPath(root) + "/", StringComparison.Ordinal) ? path : null;
    }

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
        else if (output.IsJson && HasAttempt(outcome))
        {
            output.Data(told, BatonJson.Default.RunJson, _ => { });
        }
        else if (!output.IsJson && (isStream || HasAttempt(outcome)))
        {
            var reason = told.Reason is null ? "" : $": {told.Reason}";
            output.Remark($"{told.Task.Id} {told.Outcome}, attempt {told.Task.Attempt}{reason}");
        }
    }

    private static bool HasAttempt(RunOutcome outcome) =>
        outcome is RunOutcome.Completed or RunOutcome.Failed or RunOutcome.Declined or RunOutcome.Settled;

    private static int ExitOf(RunOutcome outcome, RunOrder order) => outcome switch
    {
        RunOutcome.Completed or RunOutcome.Settled or RunOutcome.Drained => ExitCode.Ok,
        RunOutcome.Failed or RunOutcome.Declined => ExitCode.Failure,
        RunOutcome.ClaimLost lost => throw new CommandFailure(ErrorCode.ClaimLost,
            $"{lost.Task.Id}: {lost.Reason}; the command was ended"),
        RunOutcome.NothingReady nothing => throw TaskClaimCommand.NothingReady(nothing.NextAt),
        RunOutcome.Refused refused => throw CommandFailure.Of(refused.Refusal),
        RunOutcome.Interrupted interrupted => throw new CommandFailure(ErrorCode.Interrupted,
            interrupted.Task is { } task ? $"interrupted; {task.Id} was given back"
            : order.Repeats ? "stopped" : "interrupted"),
        _ => throw new ArgumentOutOfRangeException(nameof(outcome)),
    };
}
