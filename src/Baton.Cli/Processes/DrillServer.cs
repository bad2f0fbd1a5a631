using Baton.Postgres;
using Baton.Validation;

namespace Baton.Cli;

/// <summary>Where the stores of a run lie, when they lie on a server: one that is there, or one of the run's own.</summary>
/// <param name="given">The server that is there; null: the run starts its own.</param>
/// <param name="bin">Where the programs of a server are; null where it is not to be started.</param>
internal sealed class DrillServer(PostgresAddress? given, string? bin) : IAsyncDisposable
{
    private OwnPostgres? _own;
    private PostgresScratch? _schemas;

    /// <summary>What the guard must know of the server to remove the schemas; null where it dies with the run.</summary>
    public string? Address => given?.Text;

    /// <summary>Starts the server where it is the run's own, and makes the schema that bears the run's mark.</summary>
    /// <returns>Where that is, for a person.</returns>
    /// <exception cref="StoreUnavailableException">The server can't be reached, or refuses.</exception>
    /// <exception cref="CommandFailure">No server could be started.</exception>
    public async Task<string> PrepareAsync(string run, CancellationToken cancel)
    {
        if (given is null)
        {
            try
            {
                _own = await OwnPostgres.MakeAsync(bin!, run, cancel);
            }
            catch (IOException e)
            {
                throw new CommandFailure(ErrorCode.InputOutput, e.Message,
                    "name a server that runs: baton validate --store postgres://…");
            }
        }

        var address = given ?? _own!.Address;
        _schemas = PostgresScratch.Make(address, run);
        return $"the schemas {_schemas.Schema}* of {address.Database} on {address.Server}"
            + (given is null ? " (the run's own server)" : "");
    }

    /// <summary>The store of one drill.</summary>
    public PostgresAddress AddressOf(string drill) => Schemas.AddressOf(drill);

    /// <summary>The same as something that faults are made in.</summary>
    public IServerStore StoreOf(string drill) => new Harmed(Schemas, Schemas.AddressOf(drill).Schema, _own);

    /// <summary>Removes the schemas, and ends the server where it is the run's own.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            if (_own is null)
            {
                _schemas?.Remove();
            }
        }
        finally
        {
            _schemas?.Dispose();
            if (_own is not null)
            {
                await _own.DisposeAsync();
            }

        }
    }

    private PostgresScratch Schemas => _schemas ?? throw new InvalidOperationException("the run has not begun");

    private sealed class Harmed(PostgresScratch schemas, string schema, OwnPostgres? server) : IServerStore
    {
        public IOwnServer? Server => server;

        public void Drop() => schemas.Drop(schema);

        public void Empty() => schemas.Empty(schema);

        public void Copy() => schemas.Copy(schema);

        public void Restore() => schemas.Restore(schema);

        public int EndSessions() => schemas.EndSessions(schema);
    }
}
