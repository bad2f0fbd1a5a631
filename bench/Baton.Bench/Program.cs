using Baton.Bench;

// Timings of the program as it is used: real processes, the real store, a real disk.
return args switch
{
    ["failover", var program, var kind, .. var rest] => await Failover.RunAsync(
        program, kind, Number(rest, 0, 20), Number(rest, 1, 10)),
    ["steady", var load, .. var rest] => await Steady.RunAsync(load, TimeSpan.FromSeconds(Number(rest, 0, 120))),
    ["night", var program, .. var rest] => await Night.PlayAsync(
        new(Path.GetFullPath(program), Number(rest, 0, 300), TimeSpan.FromSeconds(Number(rest, 1, 10)), "5s")
        {
            Store = rest.Length > 2 ? rest[2] : null,
        },
        Console.WriteLine, CancellationToken.None) ? 0 : 1,
    ["writer", var store] => await Writer.RunAsync(store),
    _ => Usage(),
};

static int Number(string[] rest, int at, int otherwise) => rest.Length > at ? int.Parse(rest[at]) : otherwise;

static int Usage()
{
    Console.Error.WriteLine("""
        failover PROGRAM kill|term|freeze [ROUNDS=20] [TTL_SECONDS=10]   time until the next leader is valid
        steady starved|writers|idle [SECONDS=120]                        a leader with ttl 2 s under load: losses, longest renewal
        night PROGRAM [TASKS=300] [KILL_SECONDS=10] [STORE]      a night's work with bad workers and killed leaders, explained
        writer STORE                                                     writes to a store as fast as it can (used by steady)
        """);
    return 2;
}
