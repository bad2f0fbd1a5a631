using Baton.Work;

namespace Baton.Cli;

/// <summary>
/// The witness of a claim, taken inside the transaction that grants it and inherited by its whole tree.
/// </summary>
internal sealed class ClaimWitness(WitnessFolder? folder) : IDisposable
{
    private string? _token;
    private Witness? _witness;

    /// <summary>The descriptor to inherit; null where there is no witness.</summary>
    public int? Descriptor => _witness?.Descriptor;

    /// <summary>Takes the witness of a token; a transaction that is repeated takes it once.</summary>
    public FileIdentity? Take(string token)
    {
        if (_token != token)
        {
            Remove();
            _witness = folder?.Hold(Claim.WitnessNameOf(token), inherited: true);
            _token = token;
        }

        return _witness?.Mark;
    }

    /// <summary>Lets go and removes the file: the claim is settled, or never was.</summary>
    public void Remove()
    {
        _witness?.Remove();
        _witness = null;
        _token = null;
    }

    /// <summary>Lets go; the file stays as the proof that nobody works on the claim.</summary>
    public void Dispose() => _witness?.Dispose();
}
