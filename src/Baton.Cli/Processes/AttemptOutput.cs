using System.Text;

namespace Baton.Cli;

/// <summary>What the command of one attempt says: when it was last heard, its last words, and where they are kept.</summary>
/// <param name="clock">The clock.</param>
/// <param name="log">Keeps it; null where nobody does.</param>
internal sealed class AttemptOutput(TimeProvider clock, AttemptLog? log)
{
    private const int LongestWords = 200;

    private readonly Lock _gate = new();
    private readonly byte[] _line = new byte[4 * LongestWords];
    private int _length;
    private string? _lastLine;
    private long _saidAt = Instant.Of(clock).Nanoseconds;

    /// <summary>When it last said anything; at first, when this began.</summary>
    public Instant SaidAt => new(Volatile.Read(ref _saidAt));

    /// <summary>The last line that is not empty; null where there was none.</summary>
    public string? LastWords
    {
        get
        {
            lock (_gate)
            {
                EndLine();
                return _lastLine;
            }
        }
    }

    /// <summary>The same output, overheard; one that does not pass through this process can't be.</summary>
    public ChildOutput Hearing(ChildOutput output) => output switch
    {
        ChildOutput.Lines lines => lines with
        {
            Raw = bytes =>
            {
                Hear(bytes);
                lines.Raw?.Invoke(bytes);
            },
        },
        ChildOutput.Chunks chunks => new ChildOutput.Chunks(bytes =>
        {
            Hear(bytes);
            chunks.Take(bytes);
        }),
        _ => output,
    };

    /// <summary>A line of our own among what is kept.</summary>
    public void Note(string line)
    {
        Said();
        log?.Write(Encoding.UTF8.GetBytes($"baton: {Plain.Line(line)}\n"));
    }

    /// <summary>It was heard of by another way.</summary>
    public void Said() => Volatile.Write(ref _saidAt, Instant.Of(clock).Nanoseconds);

    private void Hear(ReadOnlySpan<byte> bytes)
    {
        Said();
        log?.Write(bytes);
        lock (_gate)
        {
            // Two streams may mix here; for a person's eye that is good enough.
            for (var end = bytes.IndexOf((byte)'\n'); end >= 0; end = bytes.IndexOf((byte)'\n'))
            {
                Add(bytes[..end]);
                EndLine();
                bytes = bytes[(end + 1)..];
            }

            Add(bytes);
        }
    }

    private void Add(ReadOnlySpan<byte> bytes)
    {
        var kept = bytes[..Math.Min(bytes.Length, _line.Length - _length)];
        kept.CopyTo(_line.AsSpan(_length));
        _length += kept.Length;
    }

    private void EndLine()
    {
        var line = Plain.Line(Encoding.UTF8.GetString(_line, 0, _length)).Trim();
        _length = 0;
        if (line.Length > 0)
        {
            _lastLine = Plain.Cut(line, LongestWords);
        }
    }
}
