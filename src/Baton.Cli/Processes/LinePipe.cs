using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Baton.Cli;

/// <summary>Takes a piece of a child's output as it comes.</summary>
internal delegate void ChunkTaker(ReadOnlySpan<byte> bytes);

/// <summary>Who takes what comes out of a pipe; whole lines, pieces as they come, or both.</summary>
internal readonly record struct PipeTakers(Action<string>? Line, ChunkTaker? Chunk);

/// <summary>
/// Reads the pipe of a child's output on a thread of its own, until every writer is gone. A taker that throws closes
/// it: whoever writes next is told by the kernel.
/// </summary>
internal sealed class LinePipe
{
    // A child that never ends its line must not fill our memory: what is longer comes in pieces.
    private const int LongestLine = 64 * 1024;

    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly int _file;
    private readonly PipeTakers _takers;

    private LinePipe(int file, PipeTakers takers)
    {
        _file = file;
        _takers = takers;
    }

    /// <summary>Completes when every writer has closed the pipe and every line was delivered.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Begins to read.</summary>
    public static LinePipe Begin(int file, PipeTakers takers)
    {
        var pipe = new LinePipe(file, takers);
        new Thread(pipe.Read, maxStackSize: 256 * 1024) { IsBackground = true, Name = "output of a child" }.Start();
        return pipe;
    }

    private void Read()
    {
        try
        {
            using var file = new SafeFileHandle(_file, ownsHandle: true);
            using var stream = new FileStream(file, FileAccess.Read, bufferSize: 0);
            var buffer = new byte[LongestLine];
            var length = 0;
            int got;
            while ((got = stream.Read(buffer, length, buffer.Length - length)) > 0)
            {
                _takers.Chunk?.Invoke(buffer.AsSpan(length, got));
                length = _takers.Line is null ? 0 : Deliver(buffer, length + got);
            }

            if (length > 0)
            {
                Take(buffer.AsSpan(0, length));
            }

            _ended.SetResult();
        }
        catch (Exception e)
        {
            _ended.SetException(e);
        }
    }

    private int Deliver(byte[] buffer, int length)
    {
        var rest = buffer.AsSpan(0, length);
        int end;
        while ((end = rest.IndexOf((byte)'\n')) >= 0)
        {
            Take(rest[..end]);
            rest = rest[(end + 1)..];
        }

        if (rest.Length == buffer.Length)
        {
            Take(rest);
            return 0;
        }

        rest.CopyTo(buffer);
        return rest.Length;
    }

    private void Take(ReadOnlySpan<byte> line) =>
        _takers.Line!(Encoding.UTF8.GetString(line).TrimEnd('\r'));
}
