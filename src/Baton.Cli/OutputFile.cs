using Baton.Validation;
using Baton.Work;

namespace Baton.Cli;

/// <summary>
/// A file that a command is told to write. It is written whole or not at all, and never over what a workspace, a run of
/// drills or a database keeps for itself.
/// </summary>
/// <param name="name">The file as it was typed.</param>
/// <param name="folder">What it is relative to.</param>
internal sealed class OutputFile(string name, string folder)
{
    // A link is followed to its end: what it leads to is what is written.
    private readonly string _path = Folders.Real(Path.GetFullPath(name, folder));

    /// <summary>Refuses a file that is not to be written, or can't be; nothing is written.</summary>
    /// <exception cref="IOException">It can't, and why.</exception>
    public void Check(string suffix)
    {
        RefuseWhatIsKept();
        RefuseOddFiles();
        var fresh = FreshBeside(suffix);
        Try(() =>
        {
            using var probe = new FileStream(fresh, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1,
                FileOptions.DeleteOnClose);
        });
    }

    /// <summary>Writes it.</summary>
    /// <exception cref="IOException">It can't be written, and why; what stood there still does.</exception>
    public void Write(string suffix, Action<Stream> write)
    {
        RefuseWhatIsKept();
        RefuseOddFiles();
        // A reader must not see half a file.
        var fresh = FreshBeside(suffix);
        try
        {
            Try(() =>
            {
                using (var stream = File.Create(fresh))
                {
                    write(stream);
                }

                File.Move(fresh, _path, overwrite: true);
            });
        }
        catch (IOException)
        {
            if (File.Exists(fresh))
            {
                File.Delete(fresh);
            }

            throw;
        }
    }

    /// <summary>Refuses what a workspace, a run of drills or a database keeps for itself.</summary>
    /// <exception cref="IOException">It is such a file.</exception>
    public void RefuseWhatIsKept()
    {
        foreach (var part in _path.Split(Path.DirectorySeparatorChar))
        {
            if (part == Workspace.FolderName || part.StartsWith(Scratch.Prefix, StringComparison.Ordinal))
            {
                throw Refusal($"it lies in {part}, which holds what the program keeps for itself; name another file");
            }
        }

        if (!File.Exists(_path) || FileIdentity.IsSpecial(_path))
        {
            return;
        }

        Try(() =>
        {
            Span<byte> first = stackalloc byte[WholeFile.DatabaseMark.Length];
            using var file = File.OpenHandle(_path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            if (RandomAccess.Read(file, first, 0) == first.Length && first.SequenceEqual(WholeFile.DatabaseMark))
            {
                throw new IOException("it is a database; name another file");
            }
        });
    }

    private void RefuseOddFiles()
    {
        if (FileIdentity.Oddity(_path) is { } oddity)
        {
            throw Refusal($"it is {oddity}; name a file");
        }

        if (new WholeFile(_path).IsReadOnly)
        {
            throw Refusal("it is read-only; allow writing, or name another file");
        }
    }

    private string FreshBeside(string suffix) => $"{_path}.{suffix}.new";

    private void Try(Action act)
    {
        try
        {
            act();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Refusal(e.Message);
        }
    }

    private IOException Refusal(string why) => new($"{name} can't be written: {why}");
}
