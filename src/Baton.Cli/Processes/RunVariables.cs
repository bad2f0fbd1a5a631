using System.Collections.Immutable;
using Baton.Work;

namespace Baton.Cli;

/// <summary>What a command that works on a task finds in its environment.</summary>
internal static class RunVariables
{
    /// <summary>The claim's token; a process that bears it belongs to that attempt.</summary>
    public const string Claim = "BATON_CLAIM";

    /// <summary>The changes to our own environment.</summary>
    public static ImmutableDictionary<string, string?> For(
        AgentId agent, DurableTask task, Claim claim, string store, string file)
    {
        var variables = ImmutableDictionary<string, string?>.Empty
            .Add("BATON_TASK_ID", task.Id.Value)
            .Add("BATON_ATTEMPT", $"{task.Attempt}")
            .Add("BATON_AGENT_ID", agent.Value)
            .Add(Claim, claim.Token)
            .Add("BATON_TASK_FILE", file)
            // What the command starts is its own: it must not end because our supervisor does.
            .Add(Lifeline.Variable, null);
        return store.Length == 0 ? variables : variables.Add("BATON_STORE", store);
    }
}
