using Baton.Bench;

// Timings of the program as it is used: real processes, the real store, a real disk.
return args switch
{
    ["failover", var program, var kind, .. var rest] when Word(rest, 2, Ground.Sqlite) == Ground.Sqlite =>
        await Failover.RunAsync(program, kind, Number(rest, 0, 20), Number(rest, 1, 10)),
    ["failover", var program, var kind, .. var rest] => UpFailover.Run(
        program, Word(rest, 2, Ground.Postgres), kind, Number(rest, 0, 20), Number(rest, 1, 10)),
    ["elect", .. var rest] => Elect.Run(Number(rest, 0, 20), Word(rest, 1, "all")),
    ["contest", .. var rest] => Contest.Run(
        Word(rest, 1, Ground.Postgres), Number(rest, 0, 20), Word(rest, 2, "all")),
    ["cost", var program, .. var rest] => Cost.Run(
        program, Word(rest, 2, Ground.Postgres), Number(rest, 0, 50), TimeSpan.FromSeconds(Number(rest, 1, 60))),
    ["crowd", .. var rest] => Crowd.Run(Word(rest, 2, Ground.Postgres), Number(rest, 0, 200), Number(rest, 1, 1000)),
    ["claims", var store, .. var rest] => await Claims.RunAsync(store, Number(rest, 0, 0), Number(rest, 1, 10)),
    ["steady", var load, .. var rest] => await Steady.RunAsync(load, TimeSpan.FromSeconds(Number(rest, 0, 120))),
    ["night", var program, .. var rest] => await Night.PlayAsync(
        new(Path.GetFullPath(program), Number(rest, 0, 300), TimeSpan.FromSeconds(Number(rest, 1, 10)), "5s")
        {
            Store = rest.Length > 2 ? rest[2] : null,
        },
        Console.WriteLine, CancellationToken.None) ? 0 : 1,
    // What the benchmarks start themselves as.
    ["writer", var store] => await Writer.RunAsync(store),
    ["claimant", var store, var seconds] => await Claims.ClaimAsync(store, int.Parse(seconds)),
    ["candidate", var kind, var store, var folder, var name, var ttl] => await Contestant.RunAsync(
        kind, store, folder, name, int.Parse(ttl)),
    _ => Usage(),
};

static int Number(string[] rest, int at, int otherwise) => rest.Length > at ? int.Parse(rest[at]) : otherwise;

static string Word(string[] rest, int at, string otherwise) => rest.Length > at ? rest[at] : otherwise;

static int Usage()
{
    Console.Error.WriteLine("""
        STORE: sqlite; postgres, a server started for the run; or postgres://…, where a schema is made and dropped. With
        +etcd behind it the leases lie in three members of etcd that are started for the run.

        failover PROGRAM kill|term|freeze|member [ROUNDS=20] [TTL_SECONDS=10] [STORE=sqlite]
                                             time until the next leader is valid; on a server under up. member: the one that
                                             leads etcd is killed, time until the lease is renewed again
        elect [ELECTIONS=20] [release|crash|freeze|all]
                                             three candidates of etcdctl elect in each election: hand-over, crash, freeze, and
                                             how long two believed at once (its leases live for 60 s)
        contest [ROUNDS=20] [STORE=postgres] [release|crash|freeze|cut|all]
                                             three candidates of this library and of DistributedLock.Postgres: hand-over, crash,
                                             freeze, and whether two believed at once (20 rounds of all: 50 minutes)
        cost PROGRAM [FOLLOWERS=50] [SECONDS=60] [STORE=postgres]
                                             what a leader and its followers cost while nothing happens
        crowd [CANDIDATES=200] [CONNECTIONS=1000] [STORE=postgres]
                                             many candidates in one process, and twice as many until it breaks
        claims STORE [DONE=0] [SECONDS=10]   claims a second of 1, 4 and 16 processes, with finished tasks behind them
        steady starved|writers|idle [SECONDS=120]
                                             a leader with ttl 2 s under load: losses, longest renewal
        night PROGRAM [TASKS=300] [KILL_SECONDS=10] [STORE]
                                             a night's work with bad workers and killed leaders, explained
        """);
    return 2;
}
