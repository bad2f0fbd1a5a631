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
    private OpenStores? _stores;

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

    /// <summary>Opens the stores; once open they stay as they are.</summary>
    public OpenStores Open(OpenPurpose purpose) => _stores ??= OpenAnother(purpose);

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
    /// Counts the open stores as lost: the next use opens what lies there now. They are closed with the
    /// session, for
    /// others may still hold them.
    /// </summary>
    public void Lose()
    {
        if (_stores is { } stores)
        {
            _lost.Add(stores);
            _stores = null;
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
}
