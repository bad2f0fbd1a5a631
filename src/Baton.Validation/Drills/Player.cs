using System.Collections.Concurrent;
using System.Globalization;

namespace Baton.Validation;

/// <summary>A process that takes part in a drill.</summary>
/// <param name="name">Its stable name, its own within the drill.</param>
/// <param name="history">The folder that it records to.</param>
internal sealed class Player(string name, string history)
{
    private const int MostWords = 5;
    private readonly ConcurrentQueue<string> _complaints = new();

    /// <summary>Its stable name.</summary>
    public string Name => name;

    /// <summary>The process.</summary>
    public IDrillProcess Process { get; set; } = null!;

    /// <summary>Whether it has not ended.</summary>
    public bool IsRunning => !Process.Exit.IsCompleted;

    /// <summary>Whether it was stopped in its tracks.</summary>
    public bool IsFrozen { get; set; }

    /// <summary>The last lines of what it complained of, and how it ended by itself; empty where there is nothing.</summary>
    public string LastWords
    {
        get
        {
            const int killed = 137;
            string[] words = Process.Exit is { IsCompletedSuccessfully: true, Result: not (0 or killed) and var exit }
                ? [.. _complaints, string.Create(CultureInfo.InvariantCulture, $"ended with {exit}")] : [.. _complaints];
            return words.Length == 0 ? "" : $"{name}: {string.Join(" | ", words)}";
        }
    }

    /// <summary>Hears what it says: an error that it prints as JSON is a complaint too.</summary>
    public void Say(string line)
    {
        if (line.Contains("\"error\":", StringComparison.Ordinal))
        {
            Complain(line);
        }
    }

    /// <summary>Keeps what it complains of.</summary>
    public void Complain(string line)
    {
        _complaints.Enqueue(line);
        while (_complaints.Count > MostWords)
        {
            _complaints.TryDequeue(out _);
        }
    }

    /// <summary>The lives that it has had so far, by what it recorded itself.</summary>
    public IReadOnlyList<string> Lives() =>
        [.. History().Of(OperationKind.Register, OperationKind.Acquire).Select(operation => operation.Who).Distinct()];

    /// <summary>What it recorded so far.</summary>
    public History History()
    {
        var file = Path.Combine(history, string.Create(
            CultureInfo.InvariantCulture, $"{Process.Identity.Pid}-{Process.Identity.Start}.ndjson"));
        return File.Exists(file) ? HistoryFile.Read(file) : new([]);
    }
}
