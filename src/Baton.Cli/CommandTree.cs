using System.CommandLine;

namespace Baton.Cli;

/// <summary>All commands.</summary>
internal static class CommandTree
{
    /// <summary>A tree of its own for each run: the parser writes into it.</summary>
    public static RootCommand Build(GlobalOptions globals)
    {
        var root = new RootCommand("Exactly one orchestrator leads, provably; tasks survive everything.")
        {
            HelpName = "baton",
        };
        // The parser's own --version refuses company, and its directives are no part of this surface.
        root.Options.Remove(root.Options.OfType<VersionOption>().Single());
        root.Directives.Clear();
        foreach (var option in globals.All)
        {
            root.Add(option);
        }

        foreach (var command in Commands())
        {
            root.Add(command);
        }

        return root;
    }

    private static IEnumerable<Command> Commands() =>
    [
        InitCommand.Declare(),
        OrchestratorCommand.Declare(),
        StatusCommand.Declare(),
        LeaderCommands.Declare(),
        EventsCommand.Declare(),
        MonitorCommand.Declare(),
        AgentCommands.Declare(),
        TaskCommands.Declare(),
        RunCommand.Declare(),
        UpCommand.Declare(),
        DemoCommand.Declare(),
        MessageCommands.Declare(),
        McpCommand.Declare(),
        CleanupCommand.Declare(),
        ValidateCommand.Declare(),
        ValidateGuardCommand.Declare(),
        ImportCommand.Declare(),
        SpecCommands.Declare(),
        QualityCommands.Declare(),
        MemoryCommands.Declare(),
        DoctorCommand.Declare(),
        ConfigCommand.Declare(),
        CompletionCommand.Declare(),
        HelpCommand.Declare(),
    ];
}
