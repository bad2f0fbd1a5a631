using static Baton.Validation.OperationKind;

namespace Baton.Validation;

/// <summary>I2: a later term has a higher epoch, whatever happened to the store in between.</summary>
public static class EpochsOnlyGrow
{
    /// <summary>The checker.</summary>
    public static Checker Checker { get; } = new(
        nameof(EpochsOnlyGrow), "A term that begins later has a higher epoch.", Find);

    private static IEnumerable<(string, Operation[])> Find(History history)
    {
        foreach (var clock in history.Done(Acquire).GroupBy(acquire => acquire.Clock))
        {
            // By their ends: only what had ended before another began surely came first.
            var ended = clock.Where(acquire => acquire.Ended is not null)
                .OrderBy(acquire => acquire.Ended!.Value).ToArray();
            Operation? highest = null;
            Operation? former = null;
            var next = 0;
            foreach (var acquire in clock)
            {
                for (; next < ended.Length && ended[next].Precedes(acquire); next++)
                {
                    highest = highest is null || ended[next].Epoch > highest.Epoch ? ended[next] : highest;
                    former = ended[next];
                }

                if (former is not null && acquire.Epoch <= former.Epoch)
                {
                    yield return ($"the epoch went back from {former.Epoch} of {former.Who} to {acquire.Epoch} of "
                        + acquire.Who, [former, acquire]);
                }
                else if (highest is not null && acquire.Epoch <= highest.Epoch)
                {
                    yield return ($"epoch {acquire.Epoch} of {acquire.Who} began after epoch {highest.Epoch} "
                        + $"of {highest.Who}", [highest, acquire]);
                }
            }
        }
    }
}
