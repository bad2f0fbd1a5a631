using System.CommandLine;
using Baton.Work;

namespace Baton.Cli;

/// <summary>
/// One run of one command: what was typed, where it prints, and the stores, opened when first asked for.
/// </summary>
internal sealed class Session : IDisposable
{
    private readonly GlobalOptions _globals;
    private readonly ParseResult _parsed;
    private Settings? _settings;
    private readonly List<OpenStores> _lost = [];
    private readonly Lock _gate = new();
    private OpenStores? _stores;
    private bool _isInDoubt;

    public Session(ParseResult parsed, GlobalOptions globals, Surroundings around)
    {
        _parsed = parsed;
        _globals = globals;
        Around = around;
        Output = new(around, parsed.GetValue(globals.Json), parsed.GetValue(globals.NoColor),
            parsed.GetValue(globals.Quiet), parsed.GetValue(globals.Verbose));
    }

    /// <summary>The world around.</summary>
    public Surroundings Around { get; }

    /// <summary>Where to print.</summary>
    public Output Output { get; }

    /// <summary>Cancelled when the process is asked to end.</summary>
    public CancellationToken Stop => Around.Stop;

    /// <summary>The settings and where each came from.</summary>
    public Settings Settings => _settings ??= Settings.Gather(_parsed, _globals, Around);

    /// <summary>Gathers the settings anew: a workspace was made since.</summary>
    public void Reread() => _settings = null;

    /// <summary>The election.</summary>
    public ElectionName Election => Settings.ElectionName();

    /// <summary>Where the stores lie.</summary>
    public StorePlace Place => Settings.Place(Around.WorkingFolder);

    /// <summary>The stores, opened for use.</summary>
    public OpenStores Stores => Open(OpenPurpose.Use);

    /// <summary>The work store.</summary>
    public IWorkStore Work => Stores.Work;

    /// <summary>The messages.</summary>
    public IMessageStore Messages => Stores.Messages;

    /// <summary>The lease store.</summary>
    public ILeaseStore Leases => Stores.Leases;

    /// <summary>
    /// Who acts, as events and tasks name them: the agent whose command this is part of, else the user.
    /// </summary>
    public string Actor => Around.Variable("BATON_AGENT_ID") is { Length: > 0 } agent ? agent
        : Around.Variable("USER") is { Length: > 0 } user ? user
        : "cli";

    /// <summary>The one read model of every face.</summary>
    public StatusReader Status =>
        new(Election, Leases, Work, Stores.Witnesses, Around.Clock, Around.ClockDomain);

    /// <summary>Opens the stores; once open they stay as they are, until they are in doubt.</summary>
    public OpenStores Open(OpenPurpose purpose)
    {
        lock (_gate)
        {
            if (_stores is not { } known)
            {
                return _stores = OpenAnother(purpose);
            }

            if (_isInDoubt)
            {
                _stores = Confirm(known, OpenAnother(purpose));
                _isInDoubt = false;
            }

            return _stores;
        }
    }

    /// <summary>
    /// Opens the stores once more, for whoever closes them; tells when a lost one was made anew.
    /// </summary>
    public OpenStores OpenAnother(OpenPurpose purpose)
    {
        Settings.RequireOwnLeases(Place);
        var stores = Around.Open(Place, purpose, Around);
        if (stores.IsAnew)
        {
            Output.Remark($"the store {Place.Store.Masked} was missing; an empty one was made, above the known "
                + "epochs. What the lost one held is gone, unless you put back a copy");
        }

        if (stores.AreLeasesAnew)
        {
            Output.Remark($"the leases in {Place.Leases!.Masked} were missing; they are made anew, above the known epochs");
        }

        return Recording.Wrap(stores, Around);
    }

    /// <summary>All commands.</summary>
    public Command Root => _parsed.RootCommandResult.Command;

    /// <summary>
    /// Doubts that the open stores are still what lies there: the next use opens that, and goes on with it if it is
    /// another one. Those that are lost are closed with the session, for others may still hold them.
    /// </summary>
    public void Doubt()
    {
        lock (_gate)
        {
            _isInDoubt = true;
        }
    }

    /// <summary>What was typed for an option.</summary>
    public T? Get<T>(Option<T> option) => _parsed.GetValue(option);

    /// <summary>What was typed for an argument.</summary>
    public T? Get<T>(Argument<T> argument) => _parsed.GetValue(argument);

    /// <summary>Whether an option was typed.</summary>
    public bool Has(Option option) => _parsed.GetResult(option) is { Implicit: false };

    /// <summary>Closes what was opened.</summary>
    public void Dispose()
    {
        foreach (var lost in _lost)
        {
            lost.Dispose();
        }

        _stores?.Dispose();
    }

    // What fails for another reason, as a right that was revoked, is no other store: opened again and again it would
    // take one connection after the other from a server.
    private OpenStores Confirm(OpenStores known, OpenStores found)
    {
        try
        {
            if (!found.IsSameAs(known))
            {
                _lost.Add(known);
                return found;
            }
        }
        catch
        {
            found.Dispose();
            throw;
        }

        found.Dispose();
        return known;
    }
}
