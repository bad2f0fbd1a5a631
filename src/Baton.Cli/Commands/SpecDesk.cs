using System.Text;
using Baton.Work;

namespace Baton.Cli;

/// <summary>The files of specs below one folder: the workspace, or the working folder where there is none.</summary>
internal sealed class SpecDesk(string root, string? lockFolder)
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(10);

    public static SpecDesk Of(Session session) => session.Settings.Workspace is { } workspace
        ? new(workspace.Root, workspace.Folder)
        : new(session.Around.WorkingFolder, null);

    /// <summary>The folder that all paths are below.</summary>
    public string Root => root;

    /// <summary>A path as it is written below the root; null where it lies elsewhere.</summary>
    public string? Below(string path)
    {
        var relative = Path.GetRelativePath(root, path);
        return Path.IsPathRooted(relative) || relative.Split('/')[0] == ".." ? null : relative;
    }

    /// <summary>The full path of a file below the root.</summary>
    /// <exception cref="CommandFailure">It leads out of the root.</exception>
    public string Full(string file)
    {
        var path = Path.GetFullPath(file, root);
        return Path.IsPathRooted(file) || Below(path) is null
            ? throw new CommandFailure(ErrorCode.Failure, $"the spec '{file}' lies outside the workspace")
            : Below(new WholeFile(path).Path) is null
                ? throw new CommandFailure(ErrorCode.Failure, $"the spec '{file}' is a link that leads out of the workspace",
                    "put the file itself there")
                : path;
    }

    /// <summary>The text of a spec; null where there is no file.</summary>
    /// <exception cref="CommandFailure">It can't be read.</exception>
    public string? Read(string file) => ReadAt(Full(file), file);

    /// <summary>The text of a file, which messages call by a name; null where there is none.</summary>
    /// <exception cref="CommandFailure">It can't be read.</exception>
    public static string? ReadAt(string path, string name)
    {
        try
        {
            return SpecFolder.ReadText(path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or DecoderFallbackException)
        {
            throw new CommandFailure(ErrorCode.Failure, Directory.Exists(path)
                ? $"{name} is a folder, not a spec" : $"{name} can't be read: {SpecFolder.Why(e)}");
        }
    }

    /// <summary>Lets one process at a time change specs and their index.</summary>
    public FileLock Lock()
    {
        Directory.CreateDirectory(Full(SpecNames.Folder));
        return FileLock.Take(lockFolder is not null ? Path.Combine(lockFolder, "specs.lock")
            : Path.Combine(Full(SpecNames.Folder), ".lock"), LongestWait);
    }

    /// <summary>
    /// Changes a file whole or not at all; what an editor saves meanwhile is seen, and the change is made anew.
    /// </summary>
    /// <param name="file">Which.</param>
    /// <param name="change">Is given its text, null where there is none; gives the new one, null to leave it.</param>
    public void Change(string file, Func<string?, string?> change)
    {
        var path = Full(file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        new WholeFile(path).Change(() => change(ReadAt(path, file)) is { } text ? new UTF8Encoding(false).GetBytes(text) : null);
    }

    /// <summary>What became of a task's spec; one that can't be read or written must not keep others from their turn.</summary>
    public static async Task<SpecFileJson> OutcomeAsync(DurableTask task, Func<Task<SpecFileJson>> work)
    {
        try
        {
            return await work();
        }
        catch (Exception e) when (e is CommandFailure or UnauthorizedAccessException)
        {
            return new(task.Id.Value, task.SpecFile ?? SpecNames.PathOf(task), "failed", null, e.Message);
        }
    }

    /// <summary>Keeps a copy beside a file; gives its name.</summary>
    public string Keep(string file)
    {
        for (var number = 1; ; number++)
        {
            var copy = $"{file}.{number}.bak";
            if (!Path.Exists(Full(copy)))
            {
                File.Copy(Full(file), Full(copy), overwrite: false);
                return copy;
            }
        }
    }

    /// <summary>Puts specs into the index, if it does not hold them so already.</summary>
    public void List(IEnumerable<(string File, string Title)> specs)
    {
        List<(string, string)> listed = [.. specs.Where(spec => Path.GetDirectoryName(spec.File) == SpecNames.Folder)
            .Select(spec => (Path.GetFileName(spec.File), spec.Title))];
        if (listed.Count > 0)
        {
            Change($"{SpecNames.Folder}/{SpecNames.IndexFile}",
                text => SpecIndex.With(text, listed) is var page && page != text ? page : null);
        }
    }

    /// <summary>The specs in their folder, by name.</summary>
    public IEnumerable<string> Files() => Directory.Exists(Full(SpecNames.Folder))
        ? Directory.EnumerateFiles(Full(SpecNames.Folder), "*.md").Select(path => Path.GetFileName(path))
            .Where(file => file != SpecNames.IndexFile).Order(StringComparer.Ordinal)
            .Select(file => $"{SpecNames.Folder}/{file}")
        : [];
}
