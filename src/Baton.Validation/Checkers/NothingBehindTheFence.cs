using static Baton.Validation.OperationKind;

namespace Baton.Validation;

/// <summary>I3: once a write of an epoch has committed, no leader write of a lower epoch commits.</summary>
public static class NothingBehindTheFence
{
    /// <summary>The checker.</summary>
    public static Checker Checker { get; } = new(nameof(NothingBehindTheFence),
        "Once a leader's write has committed, no write of a lower epoch does.", Find);

    private static IEnumerable<(string, Operation[])> Find(History history)
    {
        var writes = history.Done(Begin, Write).Where(write => write.Epoch is not null);
        foreach (var clock in writes.GroupBy(write => write.Clock))
        {
            var ended = clock.Where(write => write.Ended is not null).OrderBy(write => write.Ended!.Value).ToArray();
            Operation? fence = null;
            var next = 0;
            foreach (var write in clock)
            {
                for (; next < ended.Length && ended[next].Precedes(write); next++)
                {
                    fence = fence is null || ended[next].Epoch > fence.Epoch ? ended[next] : fence;
                }

                if (fence is not null && write.Epoch < fence.Epoch)
                {
                    yield return ($"a write of {write.Who} with epoch {write.Epoch} was accepted after one of "
                        + $"{fence.Who} with epoch {fence.Epoch}", [fence, write]);
                }
            }
        }
    }
}
