namespace Baton.Validation;

/// <summary>
/// Times what is done and hands each operation on when it has ended. An operation that brings no answer is
/// recorded as unknown; one that is cut off with its process is not recorded at all.
/// </summary>
/// <param name="clock">The clock of the recording: one for all whose operations are to be put in order.</param>
/// <param name="take">Takes an operation; called on the thread that did it.</param>
public sealed class Recorder(TimeProvider clock, Action<Operation> take)
{
    /// <summary>The time of the recording.</summary>
    public Instant Now => Instant.Of(clock);

    /// <summary>Records something that is over at once.</summary>
    public void Take(Operation operation) => take(operation);

    /// <summary>Does something and records it as what its answer says; a failure as unknown.</summary>
    /// <param name="asked">The operation as it is asked; its time and outcome are filled in.</param>
    /// <param name="act">What is done.</param>
    /// <param name="read">The operations that an answer stands for, made from the one that was asked.</param>
    public async ValueTask<T> RecordAsync<T>(
        Operation asked, Func<ValueTask<T>> act, Func<Operation, T, IEnumerable<Operation>> read)
    {
        var began = Now;
        T answer;
        try
        {
            answer = await act();
        }
        catch (FencedException refusal)
        {
            take(asked with
            {
                Began = began, Ended = Now, Outcome = Outcome.Refused, Note = $"the fence is at epoch {refusal.Fence}",
            });
            throw;
        }
        catch (Exception e)
        {
            // Whatever went wrong, the store may have done it.
            take(asked with { Began = began, Outcome = Outcome.Unknown, Note = e.Message });
            throw;
        }

        foreach (var operation in read(asked with { Began = began, Ended = Now }, answer))
        {
            take(operation);
        }

        return answer;
    }
}
