using System.Runtime.InteropServices;
using Baton.Postgres;
using Medallion.Threading.Postgres;

namespace Baton.Bench;

/// <summary>
/// One candidate as a process of its own. It says on its output from when to when it believed that it leads, on the
/// clock that all processes of a host share: <c>on NANOSECONDS</c>, <c>off NANOSECONDS</c>. It looks each millisecond;
/// <c>off</c> names the last look at which it still believed, so a frozen process says of itself what it did afterwards.
/// </summary>
internal static class Contestant
{
    /// <summary>The election of this library.</summary>
    public const string Own = "baton";

    /// <summary>An advisory lock of DistributedLock.Postgres that is watched by its HandleLostToken.</summary>
    public const string Peer = "DistributedLock.Postgres";

    /// <summary>The same lock, held until it is given back and never asked whether it is held still.</summary>
    public const string Unwatched = "DistributedLock.Postgres, HandleLostToken not used";

    private const string PeerName = "bench-peer";
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(1);

    /// <summary>The connection string of a peer; its sessions bear the name of the candidate.</summary>
    public static string PeerConnection(PostgresAddress address, string name)
    {
        var settings = address.Settings();
        settings.ApplicationName = PeerApplication(name);
        return settings.ConnectionString;
    }

    /// <summary>The name of a peer's sessions.</summary>
    public static string PeerApplication(string name) => $"{PeerName} {name}";

    /// <summary>The id under which a candidate of this library is known.</summary>
    public static HolderId HolderOf(string name) => new($"{name}-bench");

    /// <summary>Takes part until it is asked to end.</summary>
    public static async Task<int> RunAsync(string kind, string uri, string folder, string name, int ttlSeconds)
    {
        using var stop = new CancellationTokenSource();
        using var asked = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context =>
        {
            context.Cancel = true;
            stop.Cancel();
        });
        var address = PostgresAddress.Parse(uri);
        Say("ready", 0);
        await (kind != Own
            ? HoldLocksAsync(PeerConnection(address, name), kind == Peer, stop.Token)
            : StandAsync(address, folder, name, TimeSpan.FromSeconds(ttlSeconds), stop.Token));
        return 0;
    }

    private static async Task StandAsync(
        PostgresAddress address, string folder, string name, TimeSpan ttl, CancellationToken stop)
    {
        using var database = PostgresDatabase.Open(address);
        var witnesses = new WitnessFolder(Path.Combine(folder, "witness"));
        using var witness = witnesses.Hold(HolderOf(name));
        var election = new LeaderElection(new PostgresLeaseStore(database), new()
        {
            Candidate = new(HolderOf(name)) { Pid = Environment.ProcessId, Witness = witness.Mark },
            Ttl = ttl,
            Mark = new EpochFile(Path.Combine(folder, "epoch")),
            Witness = witness,
            Witnesses = witnesses,
        });
        await election.RunAsync(leadership => Task.Factory.StartNew(
            () => Believe(() => leadership.IsValid && !stop.IsCancellationRequested), CancellationToken.None,
            TaskCreationOptions.LongRunning, TaskScheduler.Default), stop);
    }

    private static async Task HoldLocksAsync(string connection, bool isWatched, CancellationToken stop)
    {
        var leader = new PostgresDistributedLock(new PostgresAdvisoryLockKey("leader", allowHashing: true), connection);
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await using var handle = await leader.AcquireAsync(timeout: null, stop);
                // Whoever asks for the token has the session watched, by a statement that sleeps in it.
                var lost = isWatched ? handle.HandleLostToken : CancellationToken.None;
                await Task.Factory.StartNew(
                    () => Believe(() => !lost.IsCancellationRequested && !stop.IsCancellationRequested),
                    CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is Npgsql.NpgsqlException or InvalidOperationException)
            {
                // A lock whose session was ended can't be given back; the next one is asked for.
                await Console.Error.WriteLineAsync(e.Message);
            }
        }
    }

    private static void Believe(Func<bool> leads)
    {
        var last = Now;
        Say("on", last);
        while (true)
        {
            // Before the question: at this moment it still believed.
            var now = Now;
            if (!leads())
            {
                break;
            }

            last = now;
            BootClock.Pause(Look, CancellationToken.None);
        }

        Say("off", last);
    }

    private static long Now => Instant.Of(BootClock.Instance).Nanoseconds;

    private static void Say(string word, long at)
    {
        Console.Out.WriteLine($"{word} {at}");
        Console.Out.Flush();
    }
}
