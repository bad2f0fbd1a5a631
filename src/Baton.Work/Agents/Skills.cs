using System.Collections.Immutable;

namespace Baton.Work;

/// <summary>What an agent offers: the task that it takes is for its role, or for any, and needs nothing else.</summary>
/// <param name="Role">Its role; null: only tasks for any role.</param>
/// <param name="Can">What it can do, in words of its own choice.</param>
public sealed record Skills(string? Role, ImmutableArray<string> Can)
{
    /// <summary>No role, and nothing that a task could need.</summary>
    public static readonly Skills None = new(null, []);

    /// <summary>Whether a task may be given to it.</summary>
    public bool Fits(DurableTask task) => WhyNot(task) is null;

    /// <summary>Why a task may not be given to it, in a line; null where it may.</summary>
    public string? WhyNot(DurableTask task)
    {
        ArgumentNullException.ThrowIfNull(task);
        if (task.Role is { } needed && needed != Role)
        {
            return $"{task.Id} is only for the role '{needed}'";
        }

        var lacking = task.Needs.Except(Can).ToList();
        return lacking.Count == 0 ? null
            : $"{task.Id} needs '{string.Join(",", lacking)}', which its claimant does not offer";
    }
}
