using System.Security.Cryptography;
using System.Text;
using Baton.Work;

namespace Baton.Cli;

/// <summary>What one check prints, measured on its way: its digest, its length and its last lines.</summary>
internal sealed class CheckOutput : IDisposable
{
    private const int MostLines = 10;
    private const int LongestLine = 200;
    private const int TailBytes = 4 * MostLines * LongestLine;

    private readonly Lock _gate = new();
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly byte[] _tail = new byte[TailBytes];
    private int _length;
    private long _bytes;

    /// <summary>A check as a process: both of its streams in one, so that their order is measured too.</summary>
    /// <param name="basis">How the process is started otherwise.</param>
    /// <param name="command">What is run, by <c>/bin/sh -c</c>.</param>
    /// <param name="to">Where what it prints goes on to.</param>
    public static ChildStart Start(ChildStart basis, string command, ChildOutput to) => basis with
    {
        Command = ["/bin/sh", "-c", command],
        InheritsInput = false,
        Output = to,
        Errors = new ChildOutput.Descriptor(1),
    };

    /// <summary>
    /// The same output, measured; what would not pass through this process does so for it, to our standard error: a
    /// check has no data to give.
    /// </summary>
    public ChildOutput Measured(ChildOutput output) => output switch
    {
        ChildOutput.Lines lines => lines with { Raw = Before(lines.Raw) },
        ChildOutput.Chunks chunks => new ChildOutput.Chunks(Before(chunks.Take)),
        _ => new ChildOutput.Chunks(Before(bytes => SystemCalls.WriteAll(2, bytes))),
    };

    /// <summary>What the check was seen to do.</summary>
    public CheckEvidence Evidence(string command, ChildExit exit, DateTimeOffset at, TimeSpan took, bool timedOut)
    {
        lock (_gate)
        {
            return new(command, exit.ShellCode, at, took, Convert.ToHexStringLower(_hash.GetCurrentHash()), _bytes)
            {
                OutputTail = [.. LastLines()],
                TimedOut = timedOut,
            };
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _hash.Dispose();
        }
    }

    private ChunkTaker Before(ChunkTaker? next) => bytes =>
    {
        Hear(bytes);
        next?.Invoke(bytes);
    };

    private void Hear(ReadOnlySpan<byte> bytes)
    {
        lock (_gate)
        {
            _hash.AppendData(bytes);
            _bytes += bytes.Length;
            var kept = bytes[Math.Max(0, bytes.Length - TailBytes)..];
            var over = _length + kept.Length - TailBytes;
            if (over > 0)
            {
                _tail.AsSpan(over, _length - over).CopyTo(_tail);
                _length -= over;
            }

            kept.CopyTo(_tail.AsSpan(_length));
            _length += kept.Length;
        }
    }

    private IEnumerable<string> LastLines()
    {
        var lines = Encoding.UTF8.GetString(_tail, 0, _length).TrimEnd('\n').Split('\n');
        // The first one may be the end of a longer line.
        return lines.Skip(_bytes > _length && lines.Length > 1 ? 1 : 0).TakeLast(MostLines)
            .Select(line => Plain.Cut(line.TrimEnd('\r'), LongestLine)).Where(line => line.Length > 0);
    }
}
