using System.Collections.Immutable;

namespace Baton.Cli;

/// <summary>This program, to be started again as a child.</summary>
internal static class OwnProgram
{
    private const string Assembly = "Baton.Cli";
    private const string Name = "baton";
    private const string Checkout = "Baton.slnx";

    /// <summary>
    /// The command that starts it. Never a shell or launcher, whose end would prove nothing about the
    /// program's.
    /// </summary>
    public static ImmutableArray<string> Command { get; } = Find();

    /// <summary>
    /// The folder to put on the PATH so that <c>baton</c> is found: of the launcher, in a checkout; null where one is found.
    /// </summary>
    public static string? FolderOffPath(Func<string, string?> variable)
    {
        var path = (variable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        if (path.Any(folder => File.Exists(Path.Combine(folder, Name))))
        {
            return null;
        }

        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, Checkout)) && File.Exists(Path.Combine(folder.FullName, Name)))
            {
                return folder.FullName;
            }
        }

        return AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar);
    }

    private static ImmutableArray<string> Find()
    {
        var running = Environment.ProcessPath ?? "";
        var beside = Path.Combine(AppContext.BaseDirectory, Assembly);
        return Path.GetFileName(running) == "dotnet" ? [running, beside + ".dll"]
            : System.Reflection.Assembly.GetEntryAssembly()?.GetName().Name == Assembly ? [running]
            : [beside];
    }
}
