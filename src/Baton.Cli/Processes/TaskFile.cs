using System.Text;
using Baton.Work;

namespace Baton.Cli;

/// <summary>
/// The task as JSON in a file of its own that only its owner can read; gone with the attempt.
/// </summary>
internal sealed class TaskFile : IDisposable
{
    private TaskFile(string path) => Path = path;

    /// <summary>Where it lies.</summary>
    public string Path { get; }

    /// <summary>Writes it.</summary>
    public static TaskFile Write(DurableTask task, RunTools tools)
    {
        var path = System.IO.Path.Combine(
            System.IO.Path.GetTempPath(), $"baton-{task.Id}-{tools.Ids.NewSecret()}.json");
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using var file = new FileStream(path, options);
        file.Write(Encoding.UTF8.GetBytes(tools.Describe(task)));
        return new(path);
    }

    public void Dispose() => File.Delete(Path);
}
