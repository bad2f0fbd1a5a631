namespace Baton.Cli;

/// <summary><c>doctor</c>.</summary>
internal sealed record DoctorJson(string Result, IReadOnlyList<CheckJson> Checks);

/// <summary>One check; <c>result</c> is <c>ok</c>, <c>warning</c>, <c>failed</c> or <c>fixed</c>.</summary>
internal sealed record CheckJson(string Name, string Result, string Message, string? Hint);

/// <summary><c>cleanup</c>.</summary>
internal sealed record CleanupJson(
    bool DryRun, IReadOnlyList<StaleJson> Evict, IReadOnlyList<StaleJson> Requeue, string? By, long? Epoch);

/// <summary>What is stale, and why.</summary>
internal sealed record StaleJson(string Id, string Reason);
