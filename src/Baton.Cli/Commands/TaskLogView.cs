using System.Text;
using System.Text.RegularExpressions;

namespace Baton.Cli;

/// <summary>What an attempt's command said, as <c>task show --log</c> prints it.</summary>
internal static partial class TaskLogView
{
    /// <summary>Prints it.</summary>
    /// <exception cref="CommandFailure">Nothing is kept of it here.</exception>
    public static async Task<int> RunAsync(Session session, string id, int? attempt)
    {
        var task = await Lookup.TaskAsync(session, id);
        var logs = new TaskLogs(session.Place.LogFolder, TaskLogs.DefaultBytes);
        if (Read(logs, task.Id, attempt) is not var (number, bytes))
        {
            throw new CommandFailure(ErrorCode.NotFound, attempt is { } asked
                ? $"no output of attempt {asked} of {task.Id} is kept on this host"
                : $"no output of {task.Id} is kept on this host",
                $"kept are the last {TaskLogs.MostAttempts} attempts that 'run' or a pooled worker made here");
        }

        var said = Encoding.UTF8.GetString(bytes);
        session.Output.Data(new(task.Id.Value, number, said), BatonJson.Default.TaskLogJson, text =>
            text.Write(session.Around.IsTerminal ? Tame(said) : said));
        if (attempt is null && number != task.Attempt)
        {
            session.Output.Remark($"this is attempt {number}; of attempt {task.Attempt}, the last, nothing is kept on this host");
        }

        return ExitCode.Ok;
    }

    private static (int Attempt, byte[] Text)? Read(TaskLogs logs, Work.TaskId task, int? attempt)
    {
        try
        {
            return logs.Read(task, attempt);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandFailure(ErrorCode.InputOutput, $"the output of {task} can't be read: {e.Message}");
        }
    }

    // Colours are no loss; anything else that would move a terminal is shown as what it is.
    private static string Tame(string said)
    {
        var plain = Plain.Text(Colours().Replace(said, "").Replace("\r\n", "\n", StringComparison.Ordinal));
        return plain.Length == 0 || plain[^1] == '\n' ? plain : plain + "\n";
    }

    [GeneratedRegex(@"\x1b\[[0-9;]*m", RegexOptions.CultureInvariant)]
    private static partial Regex Colours();
}
