using static Baton.Validation.OperationKind;

namespace Baton.Validation;

/// <summary>The task of a lost attempt goes back into the queue exactly once.</summary>
public static class RequeuedOnce
{
    /// <summary>The checker.</summary>
    public static Checker Checker { get; } = new(
        nameof(RequeuedOnce), "The task of a lost attempt goes back into the queue once.", Find);

    private static IEnumerable<(string, Operation[])> Find(History history) =>
        from requeue in history.Done(Requeue, Bury)
        where requeue is { Epoch: not null, Attempt: not null }
        group requeue by (requeue.Subject, requeue.Attempt) into attempt
        where attempt.Count() > 1
        select ($"attempt {attempt.Key.Attempt} at {attempt.Key.Subject} was requeued {attempt.Count()} times",
            attempt.ToArray());
}
