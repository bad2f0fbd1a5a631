using System.Collections.Immutable;

namespace Baton.Validation;

/// <summary>A promise that a history breaks.</summary>
/// <param name="Promise">The name of the checker.</param>
/// <param name="Message">What happened, in a sentence.</param>
/// <param name="Evidence">The operations that show it, in order.</param>
public sealed record Violation(string Promise, string Message, ImmutableArray<Operation> Evidence);

/// <summary>Judges histories by one promise.</summary>
/// <param name="Name">The promise's name.</param>
/// <param name="Promise">The promise, in a sentence.</param>
/// <param name="Find">Finds what breaks it: a message and the operations that show it.</param>
public sealed record Checker(
    string Name, string Promise, Func<History, IEnumerable<(string Message, Operation[] Evidence)>> Find)
{
    /// <summary>What in a history breaks the promise; empty when nothing does.</summary>
    public ImmutableArray<Violation> Judge(History history) =>
        [.. Find(history).Select(found => new Violation(Name, found.Message, [.. found.Evidence]))];
}
