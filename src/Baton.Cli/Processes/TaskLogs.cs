using System.Globalization;
using System.Text;
using Baton.Work;

namespace Baton.Cli;

/// <summary>
/// What the commands of attempts said, as this host keeps it: a folder for each task, a file for each attempt. Of an
/// attempt the beginning and the end are kept, of a task the last attempts, and of all tasks those that ran last.
/// </summary>
/// <param name="folder">Where the folders are.</param>
/// <param name="mostBytes">How much of an attempt is kept; 0: nothing.</param>
internal sealed class TaskLogs(string folder, long mostBytes)
{
    /// <summary>How much of an attempt is kept where nobody says: 1 MiB.</summary>
    public const long DefaultBytes = 1 << 20;

    /// <summary>Of how many attempts of one task.</summary>
    public const int MostAttempts = 5;

    /// <summary>Of how many tasks.</summary>
    public const int MostTasks = 500;

    // Counting folders at each attempt is cheap, sorting them by age is not.
    private const int Slack = 50;

    /// <summary>The end of the name of a finished attempt's file.</summary>
    public const string Suffix = ".log";

    /// <summary>Begins to keep an attempt; null where nothing is to be kept, or can be.</summary>
    /// <param name="task">The task.</param>
    /// <param name="attempt">The attempt.</param>
    /// <param name="trouble">Told, once, when it can't be kept (any longer).</param>
    public AttemptLog? Begin(TaskId task, int attempt, Action<string> trouble)
    {
        if (mostBytes <= 0)
        {
            return null;
        }

        try
        {
            var mine = Directory.CreateDirectory(FolderOf(task)).FullName;
            foreach (var old in Attempts(mine).Where(other => other != attempt).OrderDescending()
                .Skip(MostAttempts - 1).ToList())
            {
                Drop(mine, old);
            }

            // An attempt of this number can only be one of a store that is gone.
            Drop(mine, attempt);
            return new(Path.Combine(mine, $"{attempt}{Suffix}"), mostBytes, trouble);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            trouble($"the output of {task} can't be kept: {e.Message}; the work goes on");
            return null;
        }
    }

    /// <summary>
    /// What is kept of an attempt, or of the last one that anything is kept of; null where nothing is.
    /// </summary>
    public (int Attempt, byte[] Text)? Read(TaskId task, int? attempt)
    {
        var mine = FolderOf(task);
        var kept = Directory.Exists(mine) ? Attempts(mine).ToList() : [];
        var number = attempt ?? (kept.Count == 0 ? 0 : kept.Max());
        return kept.Contains(number) ? (number, AttemptLog.Read(Path.Combine(mine, $"{number}{Suffix}"))) : null;
    }

    /// <summary>Whether there are so many that <see cref="Prune"/> has something to do.</summary>
    public bool IsOverfull => Directory.Exists(folder)
        && Directory.EnumerateDirectories(folder).Skip(MostTasks + Slack).Any();

    /// <summary>Drops what is kept of the tasks that ran longest ago.</summary>
    /// <param name="atWork">Tasks that are never dropped.</param>
    public void Prune(IReadOnlySet<string> atWork)
    {
        foreach (var old in new DirectoryInfo(folder).EnumerateDirectories()
            .OrderByDescending(task => task.LastWriteTimeUtc).Skip(MostTasks)
            .Where(task => !atWork.Contains(task.Name)).ToList())
        {
            try
            {
                old.Delete(recursive: true);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Another worker does the same at this moment, or will do it next time.
            }
        }
    }

    private string FolderOf(TaskId task) => Path.Combine(folder, task.Value);

    private static HashSet<int> Attempts(string mine) =>
    [
        .. Directory.EnumerateFiles(mine).Select(path => Path.GetFileName(path).Split('.')[0])
            .Select(name => int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var attempt)
                ? attempt : 0)
            .Where(attempt => attempt > 0),
    ];

    private static void Drop(string mine, int attempt)
    {
        foreach (var file in Directory.EnumerateFiles(mine, $"{attempt}{Suffix}*").ToList())
        {
            File.Delete(file);
        }
    }
}

/// <summary>
/// The output of one attempt while it is written: the first quarter of what may be kept, and then numbered parts of
/// which the oldest are dropped. Each part is whole on the disk at once, so that a killed worker leaves what was said.
/// </summary>
internal sealed class AttemptLog : IDisposable
{
    private const int HeadShare = 4;

    // Of the other three quarters two are always full, the third is being filled.
    private const int MostParts = 3;

    private readonly Lock _gate = new();
    private readonly string _path;
    private readonly long _partBytes;
    private readonly Action<string> _trouble;
    private FileStream? _file;
    private long _room;
    private int _part;

    public AttemptLog(string path, long mostBytes, Action<string> trouble)
    {
        _path = path;
        _trouble = trouble;
        _partBytes = Math.Max(1, mostBytes / HeadShare);
        _room = _partBytes;
        _file = Open(PartOf(path, 0));
    }

    /// <summary>Keeps what was said. Where that fails it says so once, and keeps nothing more.</summary>
    public void Write(ReadOnlySpan<byte> bytes)
    {
        lock (_gate)
        {
            try
            {
                while (_file is not null && !bytes.IsEmpty)
                {
                    if (_room == 0)
                    {
                        Next();
                    }

                    var now = bytes[..(int)Math.Min(_room, bytes.Length)];
                    _file.Write(now);
                    _room -= now.Length;
                    bytes = bytes[now.Length..];
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                Give(e);
            }
        }
    }

    /// <summary>Makes one file of what was kept.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_file is null)
            {
                return;
            }

            try
            {
                _file.Dispose();
                _file = null;
                Join();
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                Give(e);
            }
        }
    }

    /// <summary>What is kept under a path, whether it is finished or not.</summary>
    public static byte[] Read(string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (FileNotFoundException)
        {
            using var whole = new MemoryStream();
            Copy(path, whole);
            return whole.ToArray();
        }
    }

    private void Next()
    {
        _file!.Dispose();
        _part++;
        _file = Open(PartOf(_path, _part));
        _room = _partBytes;
        if (_part > MostParts)
        {
            File.Delete(PartOf(_path, _part - MostParts));
        }
    }

    private void Join()
    {
        if (_part == 0)
        {
            File.Move(PartOf(_path, 0), _path);
            return;
        }

        var joined = $"{_path}.joined";
        using (var whole = Open(joined))
        {
            Copy(_path, whole);
        }

        File.Move(joined, _path);
        foreach (var (number, _) in Parts(_path))
        {
            File.Delete(PartOf(_path, number));
        }
    }

    private void Give(Exception e)
    {
        _trouble($"output is no longer kept in {_path}: {e.Message}; the work goes on");
        _file?.Dispose();
        _file = null;
    }

    private static void Copy(string path, Stream to)
    {
        var expected = 0;
        foreach (var (number, part) in Parts(path))
        {
            using var from = new FileStream(part, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            if (number > expected)
            {
                // Only full parts are dropped, and all parts that are full are alike.
                to.Write(Encoding.UTF8.GetBytes($"\n… {(number - expected) * from.Length} bytes left out …\n"));
            }

            from.CopyTo(to);
            expected = number + 1;
        }
    }

    private static List<(int Number, string Path)> Parts(string path) =>
        Directory.EnumerateFiles(Path.GetDirectoryName(path)!, $"{Path.GetFileName(path)}.*")
            .Select(part => (Number: int.TryParse(Path.GetExtension(part).AsSpan(1), NumberStyles.None,
                CultureInfo.InvariantCulture, out var number) ? number : -1, Path: part))
            .Where(part => part.Number >= 0)
            .OrderBy(part => part.Number)
            .ToList();

    private static string PartOf(string path, int number) => $"{path}.{number}";

    private static FileStream Open(string path)
    {
        var options = new FileStreamOptions
        {
            Mode = FileMode.Create,
            Access = FileAccess.Write,
            Share = FileShare.ReadWrite | FileShare.Delete,
            BufferSize = 0,
        };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        return new(path, options);
    }
}
