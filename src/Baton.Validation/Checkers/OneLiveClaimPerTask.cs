using static Baton.Validation.OperationKind;

namespace Baton.Validation;

/// <summary>
/// An attempt at a task belongs to one claim, and once the next attempt has begun the former one can't do anything.
/// </summary>
public static class OneLiveClaimPerTask
{
    /// <summary>The checker.</summary>
    public static Checker Checker { get; } = new(nameof(OneLiveClaimPerTask),
        "An attempt has one claim, and a former attempt's late word is refused.", Find);

    private static IEnumerable<(string, Operation[])> Find(History history)
    {
        var acts = history.Done(Extend, Complete, Fail, GiveBack).ToLookup(act => act.Subject);
        foreach (var task in history.Done(Claim).Where(claim => claim.Subject is not null).GroupBy(claim => claim.Subject))
        {
            foreach (var attempt in task.GroupBy(claim => claim.Attempt))
            {
                var claims = attempt.DistinctBy(claim => claim.Claim).ToArray();
                if (claims.Length > 1)
                {
                    yield return ($"attempt {attempt.Key} at {task.Key} was given to {claims.Length} claimants", claims);
                }
            }

            foreach (var late in acts[task.Key])
            {
                if (task.FirstOrDefault(claim => claim.Attempt > late.Attempt && claim.Precedes(late)) is { } newer)
                {
                    yield return ($"attempt {late.Attempt} at {task.Key} was heard after attempt {newer.Attempt} had begun",
                        [newer, late]);
                }
            }
        }
    }
}
