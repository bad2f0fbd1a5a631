using System.CommandLine;

namespace Baton.Cli;

/// <summary><c>baton task …</c>.</summary>
internal static class TaskCommands
{
    public static Command Declare()
    {
        var task = new Command("task", "durable tasks");
        foreach (var verb in (Verb[])
            [TaskCreateCommand.Declare(), TaskListCommand.Declare(), TaskListCommand.DeclareReady(),
             TaskShowCommand.Declare()])
        {
            task.Add(verb);
        }

        return task;
    }
}
