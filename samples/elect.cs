#:project ../src/Baton.Sqlite
// One of any number of processes that elect a leader among themselves: dotnet run samples/elect.cs -- FOLDER
// NAME
using Baton;
using Baton.Sqlite;

var folder = Directory.CreateDirectory(args[0]).FullName;
using var file = SqliteFile.OpenOrCreate(Path.Combine(folder, "elect.db"), "elect", out _);
var witnesses = new WitnessFolder(Path.Combine(folder, "witness"));
var self = new HolderId($"{args[1]}-{Environment.ProcessId}");
using var witness = witnesses.Hold(self);
var election = new LeaderElection(new SqliteLeaseStore(file), new()
{
    Candidate = new(self) { Host = Environment.MachineName, Pid = Environment.ProcessId, Witness = witness.Mark },
    Mark = new EpochFile(Path.Combine(folder, "epoch")),
    Witnesses = witnesses,
    Witness = witness,
});
using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, pressed) => { pressed.Cancel = true; stop.Cancel(); };
await election.RunAsync(async leadership =>
{
    Console.WriteLine($"{TimeProvider.System.GetUtcNow():HH:mm:ss.fff} {self} leads, epoch {leadership.Epoch}");
    var lost = new TaskCompletionSource();
    using var registration = leadership.Lost.Register(lost.SetResult);
    await lost.Task;
    Console.WriteLine($"{TimeProvider.System.GetUtcNow():HH:mm:ss.fff} {self} leads no more: {leadership.LossReason}");
}, stop.Token);
