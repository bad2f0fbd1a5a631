using System.Text;
using System.Text.Json;

namespace Baton.Validation;

/// <summary>A recording that can't be read: which file, which line, and why.</summary>
public sealed class BrokenHistoryException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>
/// One process's part of a recording: a JSON object a line. Each line is handed to the kernel as it is written, so
/// what a killed process did is kept; a line that its end cut short is left out when the recording is read.
/// </summary>
public sealed class HistoryFile : IDisposable
{
    private static readonly byte[] NewLine = "\n"u8.ToArray();
    private readonly FileStream _file;
    private readonly Lock _gate = new();

    private HistoryFile(FileStream file) => _file = file;

    /// <summary>Opens a file to append to; the folder is made where it is missing.</summary>
    /// <exception cref="IOException">It can't be written.</exception>
    public static HistoryFile Append(string path)
    {
        if (Path.GetDirectoryName(path) is { Length: > 0 } folder)
        {
            Directory.CreateDirectory(folder);
        }

        return new(new(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0));
    }

    /// <summary>Writes an operation. Any thread may.</summary>
    public void Write(Operation operation)
    {
        var line = JsonSerializer.SerializeToUtf8Bytes(
            OperationLine.Of(operation), RecordingJson.Default.OperationLine);
        lock (_gate)
        {
            _file.Write([.. line, .. NewLine]);
        }
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => _file.Dispose();

    /// <summary>Reads a recording: one file, or every <c>.ndjson</c> file of a folder.</summary>
    /// <exception cref="BrokenHistoryException">A line is not an operation.</exception>
    /// <exception cref="IOException">It can't be read.</exception>
    public static History Read(string path)
    {
        var files = Directory.Exists(path)
            ? Directory.GetFiles(path, "*.ndjson").Order(StringComparer.Ordinal)
            : Enumerable.Repeat(path, 1);
        return new(files.SelectMany(ReadFile));
    }

    private static IEnumerable<Operation> ReadFile(string path)
    {
        // Shared: who writes it may still be at it.
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(stream, Encoding.UTF8);
        var text = reader.ReadToEnd();
        var lines = text.Split('\n');
        for (var index = 0; index < lines.Length; index++)
        {
            // What follows the last line's end is nothing, or a line that was cut short.
            if (index == lines.Length - 1 || string.IsNullOrWhiteSpace(lines[index]))
            {
                continue;
            }

            yield return Read(path, index + 1, lines[index]);
        }
    }

    private static Operation Read(string path, int line, string text)
    {
        try
        {
            return (JsonSerializer.Deserialize(text, RecordingJson.Default.OperationLine)
                ?? throw new FormatException("it is null")).ToOperation(line);
        }
        catch (Exception e) when (e is JsonException or FormatException)
        {
            // The parser's own place is one within the line, and counts from 0.
            throw new BrokenHistoryException($"{path}, line {line}: {e.Message.Split(" Path:")[0].TrimEnd('.')}", e);
        }
    }
}
