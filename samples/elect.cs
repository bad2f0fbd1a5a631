#:project ../src/Baton.Sqlite
// One of any number of processes that elect a leader among themselves: dotnet run samples/elect.cs -- FOLDER
using Baton;
using Baton.Sqlite;

var folder = Directory.CreateDirectory(args[0]).FullName;
using var file = SqliteFile.OpenOrCreate(Path.Combine(folder, "elect.db"), "elect", out _);
var witnesses = new WitnessFolder(Path.Combine(folder, "witness"));
var self = new HolderId($"sample-{Environment.ProcessId}");
using var witness = witnesses.Hold(self);
using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, pressed) => { pressed.Cancel = true; stop.Cancel(); };
var election = new LeaderElection(new SqliteLeaseStore(file), new()
{
    Candidate = new(self) { Pid = Environment.ProcessId, Witness = witness.Mark },
    Mark = new EpochFile(Path.Combine(folder, "epoch")),
    Witnesses = witnesses,
    Witness = witness,
});
await election.RunAsync(async leadership =>
{
    Console.WriteLine($"{self} leads, epoch {leadership.Epoch}");
    await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, leadership.Lost);
}, stop.Token);
