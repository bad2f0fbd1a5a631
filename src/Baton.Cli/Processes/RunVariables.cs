using System.Collections.Immutable;
using Baton.Work;

namespace Baton.Cli;

/// <summary>What a command that works on a task finds in its environment.</summary>
internal static class RunVariables
{
    /// <summary>The claim's token; a process that bears it belongs to that attempt.</summary>
    public const string Claim = "BATON_CLAIM";

    /// <summary>Takes them all away: for a process that works on no task, whoever started us.</summary>
    public static readonly ImmutableDictionary<string, string?> None = ImmutableDictionary<string, string?>.Empty
        .Add("BATON_TASK_ID", null)
        .Add("BATON_ATTEMPT", null)
        .Add("BATON_AGENT_ID", null)
        .Add(Claim, null)
        .Add("BATON_TASK_FILE", null)
        .Add("BATON_SPEC_FILE", null)
        .Add(SkillOptions.RoleVariable, null)
        .Add(SkillOptions.CanVariable, null)
        .Add(Lifeline.Variable, null);

    /// <summary>
    /// The changes to our own environment. The lifeline is none of the command's: what it starts must not end
    /// because our supervisor does.
    /// </summary>
    public static ImmutableDictionary<string, string?> For(
        AgentId agent, DurableTask task, Claim claim, RunOrder order, string file)
    {
        var variables = None
            .SetItem("BATON_TASK_ID", task.Id.Value)
            .SetItem("BATON_ATTEMPT", $"{task.Attempt}")
            .SetItem("BATON_AGENT_ID", agent.Value)
            .SetItem(Claim, claim.Token)
            .SetItem("BATON_TASK_FILE", file)
            .SetItem("BATON_SPEC_FILE", order.SpecFile(task))
            .SetItem(SkillOptions.RoleVariable, order.Role)
            .SetItem(SkillOptions.CanVariable, order.Can.IsEmpty ? null : string.Join(',', order.Can));
        return variables.SetItems(order.Stores);
    }
}
