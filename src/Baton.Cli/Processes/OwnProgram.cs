using System.Collections.Immutable;

namespace Baton.Cli;

/// <summary>This program, to be started again as a child.</summary>
internal static class OwnProgram
{
    private const string Assembly = "Baton.Cli";

    /// <summary>
    /// The command that starts it. Never a shell or launcher, whose end would prove nothing about the
    /// program's.
    /// </summary>
    public static ImmutableArray<string> Command { get; } = Find();

    private static ImmutableArray<string> Find()
    {
        var running = Environment.ProcessPath ?? "";
        var beside = Path.Combine(AppContext.BaseDirectory, Assembly);
        return Path.GetFileName(running) == "dotnet" ? [running, beside + ".dll"]
            : System.Reflection.Assembly.GetEntryAssembly()?.GetName().Name == Assembly ? [running]
            : [beside];
    }
}
