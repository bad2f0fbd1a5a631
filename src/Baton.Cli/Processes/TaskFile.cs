using System.Text;
using Baton.Work;

namespace Baton.Cli;

/// <summary>
/// The task as JSON in a file that only its owner can read, in a folder of its own that goes with the attempt.
/// </summary>
internal sealed class TaskFile : IDisposable
{
    private readonly ScratchFolder _folder = new("baton-task-");

    private TaskFile()
    {
    }

    /// <summary>Where it lies.</summary>
    public string Path => _folder.PathOf("task.json");

    /// <summary>Writes it.</summary>
    public static TaskFile Write(DurableTask task, RunTools tools)
    {
        var written = new TaskFile();
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        try
        {
            using var file = new FileStream(written.Path, options);
            file.Write(Encoding.UTF8.GetBytes(tools.Describe(task)));
            return written;
        }
        catch
        {
            written.Dispose();
            throw;
        }
    }

    public void Dispose() => _folder.Dispose();
}
