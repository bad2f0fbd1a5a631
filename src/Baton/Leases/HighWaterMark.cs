using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace Baton;

/// <summary>
/// Remembers the highest epoch of each election outside the store, so that epochs keep growing over a store
/// that
/// was deleted or restored. Raised before a leadership is announced.
/// </summary>
public abstract class HighWaterMark
{
    /// <summary>The highest epoch known; <see cref="Epoch.None"/> where none was noted.</summary>
    /// <exception cref="StoreUnavailableException">The mark is damaged (<see cref="StoreFault.Mark"/>).</exception>
    public abstract Epoch Read(ElectionName election);

    /// <summary>Makes the mark at least this high, durably.</summary>
    /// <exception cref="StoreUnavailableException">
    /// It is damaged or can't be written (<see cref="StoreFault.Mark"/>).
    /// </exception>
    public abstract void Raise(ElectionName election, Epoch epoch);
}

/// <summary>A mark that lives as long as its process. For stores in memory.</summary>
public sealed class VolatileMark : HighWaterMark
{
    private readonly Dictionary<ElectionName, Epoch> _epochs = [];
    private readonly Lock _gate = new();

    /// <inheritdoc/>
    public override Epoch Read(ElectionName election)
    {
        lock (_gate)
        {
            return _epochs.GetValueOrDefault(election);
        }
    }

    /// <inheritdoc/>
    public override void Raise(ElectionName election, Epoch epoch)
    {
        lock (_gate)
        {
            _epochs[election] = Epoch.Max(epoch, _epochs.GetValueOrDefault(election));
        }
    }
}

/// <summary>
/// A mark in a small text file that all processes of a host share: version, store id, an epoch per election
/// and
/// a checksum. Written to a temporary file, flushed and renamed, under a lock of its own.
/// </summary>
public sealed class EpochFile : HighWaterMark
{
    private const string Heading = "baton-epoch 1";
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(2);

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
    public override void Raise(ElectionName election, Epoch epoch) => Change((storeId, epochs) =>
    {
        if (epochs.GetValueOrDefault(election.Value) >= epoch)
        {
            return null;
        }

        epochs[election.Value] = epoch;
        return storeId ?? "";
    });

    /// <summary>Notes which store the epochs belong to. An id that is already there stays.</summary>
    public void Adopt(string storeId) =>
        Change((known, _) => string.IsNullOrEmpty(known) ? storeId : null);

    /// <summary>All elections and their highest epochs, in the order of their names.</summary>
    public IReadOnlyDictionary<string, Epoch> Epochs() => ReadAll().Epochs;

    private void Change(Func<string?, SortedDictionary<string, Epoch>, string?> change)
    {
        try
        {
            using var held = FileLock.Take(_path + ".lock", LongestWait);
            var (storeId, epochs) = ReadAll();
            if (change(storeId, epochs) is { } newId)
            {
                Write(newId, epochs);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StoreUnavailableException(StoreFault.Mark,
                $"the high-water mark {_path} can't be written: {e.Message}",
                "nobody can lead until it can; free some space or mend its permissions", true, e);
        }
    }

    private (string? StoreId, SortedDictionary<string, Epoch> Epochs) ReadAll()
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
        FlushFolder(System.IO.Path.GetDirectoryName(_path)!);
    }

    private static void FlushFolder(string folder)
    {
        var file = Posix.Open(folder, Posix.ReadOnly | Posix.Directory | Posix.CloseOnExec, 0);
        if (file < 0 || Posix.Fsync(file) != 0)
        {
            var error = Marshal.GetLastPInvokeError();
            _ = file < 0 ? 0 : Posix.Close(file);
            throw new IOException($"{folder} can't be flushed: {Marshal.GetPInvokeErrorMessage(error)}");
        }

        _ = Posix.Close(file);
    }

    private static string Sum(string text) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..16];

    private StoreUnavailableException Damage(string why) => new(StoreFault.Mark,
        $"the high-water mark {_path} is damaged: {why}",
        "nobody can lead with it; 'baton doctor' says what it would choose, 'baton doctor --fix' does it");
}
