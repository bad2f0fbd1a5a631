using Baton.Validation;

namespace Baton.Cli;

/// <summary>A folder of the system's for temporary files in which a run of drills keeps servers of its own.</summary>
/// <param name="name">Its name.</param>
/// <param name="run">The run; the folder bears its mark.</param>
internal sealed class OwnFolder(string name, string run)
{
    private const string MarkerName = "run";
    private const UnixFileMode OwnersOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode OpenToPass = OwnersOnly | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    /// <summary>Where it is.</summary>
    public string Path { get; } = System.IO.Path.Combine(System.IO.Path.GetTempPath(), name);

    private string Marker => System.IO.Path.Combine(Path, MarkerName);

    /// <summary>Makes it. Other users go through it, and see nothing of it.</summary>
    /// <exception cref="IOException">It is there already, or can't be made.</exception>
    public void Make()
    {
        if (System.IO.Path.Exists(Path))
        {
            throw new IOException($"{Path} is there already, and this run did not make it");
        }

        if (OperatingSystem.IsWindows())
        {
            throw new PlatformNotSupportedException("a server of the run's own needs the file modes of Unix");
        }

        Directory.CreateDirectory(Path, OpenToPass);
        File.WriteAllText(Marker, run);
    }

    /// <summary>Makes a folder in it that nobody else may enter, and gives its path.</summary>
    public string MakeWithin(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            throw new PlatformNotSupportedException("a server of the run's own needs the file modes of Unix");
        }

        return Directory.CreateDirectory(System.IO.Path.Combine(Path, folder), OwnersOnly).FullName;
    }

    /// <summary>Removes it, if it is there.</summary>
    /// <exception cref="NotOursException">It bears another mark.</exception>
    public void Remove()
    {
        if (!Directory.Exists(Path))
        {
            return;
        }

        if (!File.Exists(Marker) || File.ReadAllText(Marker) != run)
        {
            throw new NotOursException($"{Path} bears no mark of run {run}");
        }

        Directory.Delete(Path, recursive: true);
    }
}
