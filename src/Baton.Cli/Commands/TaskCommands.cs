using System.CommandLine;

namespace Baton.Cli;

/// <summary><c>baton task …</c>.</summary>
internal static class TaskCommands
{
    public static Command Declare()
    {
        var task = new Command("task", "durable tasks");
        foreach (var command in (Command[])
        [
            TaskCreateCommand.Declare(), TaskListCommand.Declare(), TaskListCommand.DeclareReady(),
            TaskShowCommand.Declare(), TaskClaimCommand.Declare(), .. TaskClaimantCommands.Declare(),
            .. TaskEditCommands.Declare(), TaskWaitCommand.Declare(),
        ])
        {
            task.Add(command);
        }

        return task;
    }
}
