namespace Baton.Cli;

/// <summary>What an orchestrator in the foreground says of itself, a line each.</summary>
internal sealed record OrchestratorEventJson(
    DateTimeOffset At, string Type, string Id, long? Epoch, string Message);
