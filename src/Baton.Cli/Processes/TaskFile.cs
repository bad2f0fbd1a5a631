using System.Text;
using Baton.Work;

namespace Baton.Cli;

/// <summary>
/// The task as JSON in a file of its own that only its owner can read; gone with the attempt. One whose process was
/// killed stays until the next process writes one, and finds that nobody holds it.
/// </summary>
internal sealed class TaskFile : IDisposable
{
    private const string Prefix = "baton-";
    private const string Suffix = ".json";
    private static int _swept;

    private readonly FileLock _held;

    private TaskFile(string path, FileLock held)
    {
        Path = path;
        _held = held;
    }

    /// <summary>Where it lies.</summary>
    public string Path { get; }

    /// <summary>Writes it.</summary>
    public static TaskFile Write(DurableTask task, RunTools tools)
    {
        var folder = System.IO.Path.GetTempPath();
        if (Interlocked.Exchange(ref _swept, 1) == 0)
        {
            RemoveLeftOvers(folder);
        }

        var path = System.IO.Path.Combine(folder, $"{Prefix}{task.Id}-{tools.Ids.NewSecret()}{Suffix}");
        // It gets the name by which others look for left-overs once it is held.
        var fresh = path + ".new";
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        try
        {
            using (var file = new FileStream(fresh, options))
            {
                file.Write(Encoding.UTF8.GetBytes(tools.Describe(task)));
            }

            var held = FileLock.Take(fresh, TimeSpan.Zero);
            File.Move(fresh, path);
            return new(path, held);
        }
        catch
        {
            File.Delete(fresh);
            throw;
        }
    }

    public void Dispose()
    {
        File.Delete(Path);
        _held.Dispose();
    }

    /// <summary>Removes the files whose process is gone.</summary>
    internal static void RemoveLeftOvers(string folder)
    {
        foreach (var path in Directory.EnumerateFiles(folder, $"{Prefix}*{Suffix}"))
        {
            try
            {
                using var free = FileLock.TryTake(path, TimeSpan.Zero);
                if (free is not null)
                {
                    File.Delete(path);
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Another user's, or gone by itself.
            }
        }
    }
}
