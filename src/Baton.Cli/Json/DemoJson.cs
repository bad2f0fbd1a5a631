namespace Baton.Cli;

/// <summary>How <c>demo</c> went.</summary>
/// <param name="Passed">Whether every task was completed exactly once, through a killed leader.</param>
/// <param name="Tasks">How many tasks there were.</param>
/// <param name="CompletedOnce">How many were completed exactly once.</param>
/// <param name="CommandRuns">How often their commands ran.</param>
/// <param name="TakeoverMs">From the kill until another leader's lease; null where it did not come to that.</param>
/// <param name="Terms">The terms, newest first.</param>
internal sealed record DemoJson(
    bool Passed, int Tasks, int CompletedOnce, int CommandRuns, long? TakeoverMs, TermJson[] Terms);
