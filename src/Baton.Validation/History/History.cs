using System.Collections.Immutable;

namespace Baton.Validation;

/// <summary>
/// What a system was seen to do, in the order in which it began. The checkers judge it, wherever it comes from.
/// </summary>
public sealed class History
{
    private readonly ILookup<OperationKind, Operation> _byKind;
    private readonly Lazy<ImmutableArray<Reign>> _reigns;

    /// <summary>A history of operations in any order.</summary>
    public History(IEnumerable<Operation> operations)
    {
        // A stable sort: what began at the same instant stays in the order of the recording.
        Operations = [.. operations.OrderBy(operation => operation.Began)];
        _byKind = Operations.ToLookup(operation => operation.Kind);
        _reigns = new(() => Reign.Of(this));
    }

    /// <summary>Everything, in the order of its beginning.</summary>
    public ImmutableArray<Operation> Operations { get; }

    /// <summary>When the first operation began.</summary>
    public Instant Origin => Operations.IsEmpty ? default : Operations[0].Began;

    /// <summary>When which process believed that it leads, in the order of the beginning.</summary>
    public ImmutableArray<Reign> Reigns => _reigns.Value;

    /// <summary>
    /// Every term that was won, in order: by an answered acquire, or, where the answer was lost, by the trust in it.
    /// </summary>
    public ImmutableArray<Operation> Terms
    {
        get
        {
            var acquired = Done(OperationKind.Acquire).ToArray();
            var answered = acquired.Select(acquire => acquire.Epoch).ToHashSet();
            return [.. acquired.Concat(Reigns.Select(reign => reign.First).Where(trust => answered.Add(trust.Epoch)))
                .OrderBy(won => won.Began)];
        }
    }

    /// <summary>When a process surely was no more; null while nothing tells of its end.</summary>
    public Operation? EndOf(string process) => Done(OperationKind.Kill, OperationKind.Exit)
        .FirstOrDefault(end => end.Subject == process);

    /// <summary>The operations of some kinds, in the order of their beginning.</summary>
    public IEnumerable<Operation> Of(params ReadOnlySpan<OperationKind> kinds) => kinds.Length == 1
        ? _byKind[kinds[0]]
        : kinds.ToArray().SelectMany(kind => _byKind[kind]).OrderBy(operation => operation.Began);

    /// <summary>The operations of some kinds that surely took effect.</summary>
    public IEnumerable<Operation> Done(params ReadOnlySpan<OperationKind> kinds) =>
        Of(kinds).Where(operation => operation.IsOk);
}
