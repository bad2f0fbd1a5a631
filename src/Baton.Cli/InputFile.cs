using System.Text;

namespace Baton.Cli;

/// <summary>A text file that a command is given to read; <c>-</c> is standard input.</summary>
internal static class InputFile
{
    /// <summary>How messages call it.</summary>
    public static string NameOf(string path) => path == "-" ? "standard input" : path;

    /// <summary>Reads it.</summary>
    /// <param name="around">The world around.</param>
    /// <param name="path">As it was typed.</param>
    /// <param name="read">Is given the text; what it throws for want of a file is told in one line.</param>
    /// <exception cref="CommandFailure">It is not there, is no file, can't be read, or is no text.</exception>
    public static async Task<T> ReadAsync<T>(Surroundings around, string path, Func<TextReader, Task<T>> read)
    {
        if (string.IsNullOrWhiteSpace(path) || path.Contains('\0', StringComparison.Ordinal))
        {
            throw CommandFailure.Usage("--file names no file");
        }

        var full = path == "-" ? null : Path.GetFullPath(path, around.WorkingFolder);
        if (full is not null && Directory.Exists(full))
        {
            throw new CommandFailure(
                ErrorCode.Failure, $"{path} is a folder, not a file", "name a file, or - for standard input");
        }

        try
        {
            using var opened = full is null ? null
                : new StreamReader(full, new UTF8Encoding(false, throwOnInvalidBytes: true));
            return await read(opened ?? around.In);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new CommandFailure(ErrorCode.NotFound, $"there is no file {path}");
        }
        catch (DecoderFallbackException)
        {
            throw CommandFailure.Usage($"{NameOf(path)} is not UTF-8 text");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandFailure(ErrorCode.InputOutput, $"{NameOf(path)} can't be read: {e.Message}");
        }
    }
}
