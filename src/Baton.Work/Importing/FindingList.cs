using System.Collections.Immutable;

namespace Baton.Work;

/// <summary>Gathers the findings of one import; what many records share becomes one finding.</summary>
internal sealed class FindingList
{
    private readonly List<ImportFinding> _findings = [];
    private readonly Dictionary<(string File, string Field), (int Line, int Count)> _unknown = [];
    private readonly List<(string File, string Field)> _order = [];

    public void Add(FindingKind kind, string file, int? line, string message) =>
        _findings.Add(new(kind, file, line, message));

    /// <summary>A field that has no place here, met once more.</summary>
    public void AddUnknown(string file, string field, int line)
    {
        var key = (file, field);
        if (!_unknown.TryGetValue(key, out var seen))
        {
            _order.Add(key);
            seen = (line, 0);
        }

        _unknown[key] = seen with { Count = seen.Count + 1 };
    }

    public ImmutableArray<ImportFinding> ToImmutable()
    {
        var unknown = _order.Select(key => new ImportFinding(
            FindingKind.LeftOut, key.File, _unknown[key].Line,
            $"field '{RecordText.Shown(key.Field)}' has no place here, in {Records(_unknown[key].Count)}"));
        return [.. _findings, .. unknown];
    }

    private static string Records(int count) =>
        count == 1 ? "1 record" : $"{count} records, the first of them here";
}
