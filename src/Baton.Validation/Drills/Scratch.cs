using System.Text;

namespace Baton.Validation;

/// <summary>Something that does not belong to the run was about to be damaged; nothing was done to it.</summary>
public sealed class NotOursException(string message) : Exception(message);

/// <summary>
/// The folder that a run of drills made for itself, and the processes that it started there. Only a run can make one,
/// and whatever does damage is a method of it: it refuses every file outside of the folder, every folder without this
/// run's marker, and every process that the run did not start.
/// </summary>
public sealed class Scratch : IDisposable
{
    /// <summary>What the name of every such folder begins with.</summary>
    public const string Prefix = ".baton-validate-";

    private const string MarkerName = "run";

    private readonly Dictionary<IDrillProcess, ProcessIdentity> _started = [];
    private readonly Lock _gate = new();

    private Scratch(string folder, string run)
    {
        Folder = folder;
        Run = run;
    }

    /// <summary>The folder.</summary>
    public string Folder { get; }

    /// <summary>The run's id.</summary>
    public string Run { get; }

    /// <summary>Makes the folder of a run beside the workspace's own; refuses one that is there already.</summary>
    /// <exception cref="NotOursException">There is something of that name.</exception>
    /// <exception cref="IOException">It can't be made.</exception>
    internal static Scratch Make(string beside, string run)
    {
        var folder = Path.Combine(Path.GetFullPath(beside), Prefix + run);
        if (Path.Exists(folder))
        {
            throw new NotOursException($"{folder} is there already, and this run did not make it");
        }

        Directory.CreateDirectory(folder);
        var marker = Path.Combine(folder, MarkerName);
        try
        {
            using var file = new FileStream(marker, FileMode.CreateNew);
            file.Write(Encoding.UTF8.GetBytes(run));
        }
        catch (IOException)
        {
            // Without its marker nothing may ever remove it.
            File.Delete(marker);
            Directory.Delete(folder);
            throw;
        }

        return new(folder, run);
    }

    /// <summary>Makes a folder within, for one drill.</summary>
    internal string MakeFolder(string name)
    {
        var folder = Path.Combine(Folder, name);
        Check(folder);
        Directory.CreateDirectory(folder);
        return folder;
    }

    /// <summary>Starts the program in a folder of the run's own.</summary>
    internal IDrillProcess Start(IDrillHost host, ProcessOrder order)
    {
        Check(order.Workspace);
        var process = host.Start(order);
        lock (_gate)
        {
            _started[process] = process.Identity;
        }

        return process;
    }

    /// <summary>Signals a process of the run's own; false when it has ended.</summary>
    /// <exception cref="NotOursException">The run did not start it.</exception>
    internal bool Signal(IDrillProcess process, DrillSignal signal)
    {
        Check(process);
        return process.Signal(signal);
    }

    /// <summary>Kills a process of the run's own, and all that descends from it.</summary>
    /// <exception cref="NotOursException">The run did not start it.</exception>
    internal void KillTree(IDrillProcess process)
    {
        Check(process);
        process.KillTree();
    }

    /// <summary>Deletes a file.</summary>
    /// <exception cref="NotOursException">It is not the run's own.</exception>
    internal void Delete(string file)
    {
        Check(file);
        File.Delete(file);
    }

    /// <summary>Cuts a file off.</summary>
    /// <exception cref="NotOursException">It is not the run's own.</exception>
    internal void Truncate(string file, long length)
    {
        Check(file);
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        stream.SetLength(length);
    }

    /// <summary>Puts a copy in the place of a file.</summary>
    /// <exception cref="NotOursException">Either is not the run's own.</exception>
    internal void Replace(string file, string copy)
    {
        Check(file);
        Check(copy);
        File.Move(copy, file, overwrite: true);
    }

    /// <summary>Removes the folder that a run left behind when it was killed.</summary>
    /// <exception cref="NotOursException">It is no such run's.</exception>
    public static void RemoveAfter(string folder, string run)
    {
        if (Path.GetFileName(folder) != Prefix + run)
        {
            throw new NotOursException($"{folder} is not the folder of run {run}");
        }

        using var left = new Scratch(folder, run);
        left.Remove();
    }

    /// <summary>Removes the folder; it must bear this run's marker still.</summary>
    /// <exception cref="NotOursException">It does not.</exception>
    internal void Remove()
    {
        Check(Folder);
        Directory.Delete(Folder, recursive: true);
    }

    /// <summary>Ends every process of the run that still lives.</summary>
    public void Dispose()
    {
        IDrillProcess[] left;
        lock (_gate)
        {
            left = [.. _started.Keys];
            _started.Clear();
        }

        foreach (var process in left)
        {
            process.Dispose();
        }
    }

    private void Check(IDrillProcess process)
    {
        lock (_gate)
        {
            if (!_started.TryGetValue(process, out var known) || known != process.Identity)
            {
                throw new NotOursException($"process {process.Identity.Pid} was not started by run {Run}");
            }
        }
    }

    private void Check(string path)
    {
        // A link within the folder may lead out of it.
        var real = Folders.Real(Path.GetFullPath(path));
        var folder = Folders.Real(Folder);
        if (real != folder && !real.StartsWith(folder + Path.DirectorySeparatorChar, StringComparison.Ordinal))
        {
            throw new NotOursException($"{path} does not lie in {Folder}, the folder of run {Run}");
        }

        var marker = Path.Combine(Folder, MarkerName);
        var bears = File.Exists(marker) ? File.ReadAllText(marker) : null;
        if (bears != Run)
        {
            throw new NotOursException(bears is null
                ? $"{Folder} bears no marker of a run"
                : $"{Folder} bears the marker of run {bears}, not of {Run}");
        }
    }
}
