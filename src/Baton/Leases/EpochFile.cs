using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Baton;

/// <summary>
/// A mark in a small text file that all processes of a host share: version, store id, an epoch per election and a
/// checksum. Written to a temporary file, flushed and renamed, under a lock of its own. Where a process that was
/// stopped keeps that lock, the mark is raised by an empty file beside it whose name is the epoch; the next change
/// takes such files in. A name can't be lowered or torn, so that needs no lock.
/// </summary>
public sealed class EpochFile : HighWaterMark
{
    private const string Heading = "baton-epoch 1";

    // No election has such a name.
    private const string Begun = "+begun";
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(2);

    // Some flushes of a busy disk. The trust of who raises the mark is running meanwhile.
    private static readonly TimeSpan LongestRaise = TimeSpan.FromMilliseconds(200);

    private readonly string _path;

    /// <summary>The mark at a path; it need not exist yet.</summary>
    public EpochFile(string path) => _path = System.IO.Path.GetFullPath(path);

    /// <summary>The file.</summary>
    public string Path => _path;

    /// <summary>The id of the store that the file was first written for; null when unknown.</summary>
    public string? StoreId => ReadAll().StoreId;

    /// <inheritdoc/>
    public override Epoch Read(ElectionName election) =>
        ReadAll().Epochs.GetValueOrDefault(election.Value);

    /// <inheritdoc/>
    public override Epoch Raise(ElectionName election, Epoch epoch) => Raise(election.Value, epoch);

    /// <inheritdoc/>
    public override Epoch ReadBegun(ElectionName election) =>
        ReadAll().Epochs.GetValueOrDefault(election.Value + Begun);

    /// <inheritdoc/>
    public override void RaiseBegun(ElectionName election, Epoch epoch) => Raise(election.Value + Begun, epoch);

    private Epoch Raise(string name, Epoch epoch)
    {
        try
        {
            using var held = FileLock.TryTake(_path + ".lock", LongestRaise);
            var (storeId, epochs) = ReadAll();
            var before = epochs.GetValueOrDefault(name);
            if (before >= epoch)
            {
                return before;
            }

            if (held is null)
            {
                return RaiseBeside(name, epoch) ? before : epoch;
            }

            epochs[name] = epoch;
            Write(storeId ?? "", epochs);
            return before;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unwritable(e);
        }
    }

    /// <summary>Notes which store the epochs belong to. An id that is already there stays.</summary>
    public void Adopt(string storeId)
    {
        try
        {
            using var held = FileLock.Take(_path + ".lock", LongestWait);
            var (known, epochs) = ReadAll();
            if (string.IsNullOrEmpty(known))
            {
                Write(storeId, epochs);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unwritable(e);
        }
    }

    /// <summary>All elections and their highest epochs, in the order of their names.</summary>
    public IReadOnlyDictionary<string, Epoch> Epochs() => new SortedDictionary<string, Epoch>(
        ReadAll().Epochs.Where(known => !known.Key.EndsWith(Begun, StringComparison.Ordinal)).ToDictionary(),
        StringComparer.Ordinal);

    private StoreUnavailableException Unwritable(Exception e) => new(StoreFault.Mark,
        $"the high-water mark {_path} can't be written: {e.Message}",
        "nobody can lead until it can; free some space or mend its permissions", true, e);

    /// <summary>False when another process has just done the same.</summary>
    private bool RaiseBeside(string name, Epoch epoch)
    {
        var path = string.Create(CultureInfo.InvariantCulture, $"{_path}.{name}.{epoch.Value}");
        try
        {
            using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.ReadWrite);
            file.Flush(flushToDisk: true);
        }
        catch (IOException) when (File.Exists(path))
        {
            return false;
        }

        Folders.Flush(System.IO.Path.GetDirectoryName(_path)!);
        return true;
    }

    /// <summary>The epochs that stand in names beside the file, as <c>epoch.main.9</c>.</summary>
    private List<(string Path, string Election, Epoch Epoch)> Beside()
    {
        var found = new List<(string, string, Epoch)>();
        var (folder, name) = (System.IO.Path.GetDirectoryName(_path)!, System.IO.Path.GetFileName(_path) + ".");
        if (!Directory.Exists(folder))
        {
            return found;
        }

        foreach (var path in Directory.EnumerateFiles(folder))
        {
            var file = System.IO.Path.GetFileName(path);
            if (!file.StartsWith(name, StringComparison.Ordinal))
            {
                continue;
            }

            var rest = file[name.Length..];
            var cut = rest.LastIndexOf('.');
            if (cut > 0 && long.TryParse(rest[(cut + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var value)
                && value <= Epoch.Highest)
            {
                found.Add((path, rest[..cut], new(value)));
            }
        }

        return found;
    }

    private (string? StoreId, SortedDictionary<string, Epoch> Epochs) ReadAll()
    {
        // The names first: one that is taken in meanwhile then stands in the file.
        var beside = Beside();
        var (storeId, epochs) = ReadFile();
        foreach (var (_, election, epoch) in beside)
        {
            epochs[election] = Epoch.Max(epoch, epochs.GetValueOrDefault(election));
        }

        return (storeId, epochs);
    }

    private (string? StoreId, SortedDictionary<string, Epoch> Epochs) ReadFile()
    {
        var epochs = new SortedDictionary<string, Epoch>(StringComparer.Ordinal);
        string text;
        try
        {
            text = File.ReadAllText(_path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return (null, epochs);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StoreUnavailableException(StoreFault.Mark,
                $"the high-water mark {_path} can't be read: {e.Message}", inner: e);
        }

        var end = text.LastIndexOf("checksum ", StringComparison.Ordinal);
        if (end < 0 || text[end..].TrimEnd('\n') != $"checksum {Sum(text[..end])}")
        {
            throw Damage("its checksum does not fit");
        }

        string? storeId = null;
        var lines = text[..end].Split('\n', StringSplitOptions.RemoveEmptyEntries);
        if (lines.Length < 2 || lines[0] != Heading || !lines[1].StartsWith("store ", StringComparison.Ordinal))
        {
            throw Damage("it is not a mark of version 1");
        }

        storeId = lines[1]["store ".Length..];
        foreach (var line in lines[2..])
        {
            var cut = line.LastIndexOf(' ');
            if (cut < 0 || !long.TryParse(line[(cut + 1)..], CultureInfo.InvariantCulture, out var value)
                || value is < 0 or > Epoch.Highest)
            {
                throw Damage($"'{line}' names no epoch");
            }

            epochs[line[..cut]] = new(value);
        }

        return (storeId.Length == 0 ? null : storeId, epochs);
    }

    private void Write(string storeId, SortedDictionary<string, Epoch> epochs)
    {
        var body = new StringBuilder().Append(Heading).Append('\n').Append("store ").Append(storeId).Append('\n');
        foreach (var (name, epoch) in epochs)
        {
            body.Append(CultureInfo.InvariantCulture, $"{name} {epoch}\n");
        }

        var text = body.ToString();
        text += $"checksum {Sum(text)}\n";
        var fresh = _path + ".new";
        using (var file = new FileStream(fresh, FileMode.Create, FileAccess.Write, FileShare.Read))
        {
            file.Write(Encoding.UTF8.GetBytes(text));
            file.Flush(flushToDisk: true);
        }

        File.Move(fresh, _path, overwrite: true);
        Folders.Flush(System.IO.Path.GetDirectoryName(_path)!);
        foreach (var (path, election, epoch) in Beside())
        {
            // A name that came since and says more is left to the next change.
            if (epoch <= epochs.GetValueOrDefault(election))
            {
                File.Delete(path);
            }
        }
    }

    private static string Sum(string text) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..16];

    private StoreUnavailableException Damage(string why) => new(StoreFault.Mark,
        $"the high-water mark {_path} is damaged: {why}",
        "nobody can lead with it; 'baton doctor' says what it would choose, 'baton doctor --fix' does it");
}
