using System.Runtime.CompilerServices;

namespace Baton.Cli.Tests;

/// <summary>
/// Compares output with a file of <c>Golden/</c>. With <c>BATON_UPDATE_GOLDEN=1</c> it writes the file
/// instead, and
/// the difference is for a person to judge.
/// </summary>
internal static class Golden
{
    public static void Check(string name, Played played, [CallerFilePath] string caller = "")
    {
        var text = $"exit {played.Exit}\n--- stdout\n{played.Out}--- stderr\n{played.Error}";
        if (Environment.GetEnvironmentVariable("BATON_UPDATE_GOLDEN") == "1")
        {
            var source = Path.Combine(Path.GetDirectoryName(caller)!, "..", "Golden", $"{name}.txt");
            File.WriteAllText(source, text);
            return;
        }

        Assert.Equal(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Golden", $"{name}.txt")), text);
    }
}
