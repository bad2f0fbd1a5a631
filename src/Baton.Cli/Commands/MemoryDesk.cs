using System.CommandLine;
using Baton.Work;

namespace Baton.Cli;

/// <summary>The working memory that a command speaks of, and how it is called.</summary>
internal sealed class MemoryDesk
{
    private readonly string _root;

    private MemoryDesk(string root, string file)
    {
        (_root, File) = (root, file);
        Memory = new(Path.GetFullPath(file, root));
    }

    /// <summary>The file as it was named.</summary>
    public string File { get; }

    /// <summary>The memory.</summary>
    public WorkingMemory Memory { get; }

    /// <summary>The option that names another file.</summary>
    public static Option<string?> FileOption() => new("--memory-file")
    {
        Description = $"the file, relative to the workspace ({WorkingMemory.DefaultFile})", HelpName = "FILE",
    };

    /// <summary>The memory of the workspace, or the file that was named.</summary>
    /// <exception cref="CommandFailure">Neither is there.</exception>
    public static MemoryDesk Of(Session session, string? file)
    {
        if (file is not null && string.IsNullOrWhiteSpace(file))
        {
            throw CommandFailure.Usage("--memory-file is empty", "name a Markdown file");
        }

        var root = session.Settings.Workspace?.Root;
        var desk = root is null && file is null
            ? throw new CommandFailure(ErrorCode.NoWorkspace, "there is no workspace here or above, so no working memory",
                "baton init, or name a file with --memory-file")
            : new MemoryDesk(root ?? session.Around.WorkingFolder, file ?? WorkingMemory.DefaultFile);
        return FileIdentity.Oddity(desk.Memory.Path) is { } oddity
            ? throw new CommandFailure(ErrorCode.InputOutput, $"{desk.File} is {oddity}, not a file",
                file is null ? "move it away, or name a file with --memory-file" : "name a Markdown file")
            : desk;
    }

    /// <summary>The same, to read what is there: a file that was named must be.</summary>
    /// <exception cref="CommandFailure">It is not.</exception>
    public static MemoryDesk ToRead(Session session, string? file)
    {
        var desk = Of(session, file);
        return file is null || System.IO.File.Exists(desk.Memory.Path) ? desk
            : throw new CommandFailure(ErrorCode.NotFound, $"there is no file {file}",
                $"--memory-file goes from {desk._root}; baton memory append makes it");
    }

    /// <summary>A path as people read it: from the root on, where it lies below.</summary>
    public string NameOf(string path)
    {
        var relative = Path.GetRelativePath(_root, path);
        return Path.IsPathRooted(relative) || relative.Split('/')[0] == ".." ? path : relative;
    }

    /// <summary>A section without its text.</summary>
    public MemorySectionJson Listed(MemorySection section) => new(section.Number, section.Title, section.Date,
        NameOf(section.Path), section.Line, section.Path != Memory.Path);
}
