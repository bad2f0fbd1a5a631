using static Baton.Validation.OperationKind;

namespace Baton.Validation;

/// <summary>The faults: each is recorded, and each goes through the scratch handle.</summary>
internal sealed partial class Arena
{
    /// <summary>Kills a process (SIGKILL), and waits for its end.</summary>
    /// <param name="player">Which.</param>
    /// <param name="note">Why.</param>
    /// <param name="epoch">The epoch that it led, where that matters.</param>
    public async Task KillAsync(Player player, string note, Epoch? epoch = null)
    {
        var began = Now;
        _scratch.Signal(player.Process, DrillSignal.Kill);
        await GoneAsync(player, Kill, note, began, epoch);
    }

    /// <summary>Kills a process and all that it started, and waits for its end.</summary>
    public async Task KillTreeAsync(Player player, string note)
    {
        var began = Now;
        _scratch.KillTree(player.Process);
        await GoneAsync(player, Kill, note, began, null);
    }

    /// <summary>Kills all at once; those who lead last, so that nobody takes over on the way.</summary>
    public async Task KillAllAsync(IEnumerable<Player> players, Player? last, string note)
    {
        var began = Now;
        var all = players.OrderBy(player => player == last).ToArray();
        foreach (var player in all)
        {
            _scratch.Signal(player.Process, DrillSignal.Kill);
        }

        foreach (var player in all)
        {
            await GoneAsync(player, Kill, note, began, null);
        }
    }

    /// <summary>Asks a process to end (SIGTERM), waits, and gives its exit code.</summary>
    public async Task<int> EndAsync(Player player, string note, Epoch? epoch = null)
    {
        var life = player.Lives() is [.., var last] ? last : player.Name;
        var began = Now;
        Record(OperationKind.Stop, life, note, began, epoch);
        _scratch.Signal(player.Process, DrillSignal.End);
        return await GoneAsync(player, Exit, note, began, epoch);
    }

    /// <summary>Stops a process in its tracks (SIGSTOP).</summary>
    public void FreezePlayer(Player player, HolderId life, Epoch epoch)
    {
        var began = Now;
        _scratch.Signal(player.Process, DrillSignal.Freeze);
        player.IsFrozen = true;
        Record(Freeze, life.Value, $"process {player.Process.Identity.Pid}", began, epoch);
    }

    /// <summary>Lets a process go on (SIGCONT).</summary>
    public void ThawPlayer(Player player, HolderId life, Epoch epoch)
    {
        // Before it can do anything, so that all that it does comes after.
        Record(Thaw, life.Value, $"process {player.Process.Identity.Pid}", Now, epoch);
        player.IsFrozen = false;
        _scratch.Signal(player.Process, DrillSignal.Thaw);
    }

    /// <summary>Deletes the store under whoever uses it.</summary>
    public void DeleteStore(Epoch epoch) => Damage("the store was deleted", epoch, () =>
    {
        if (Server is null)
        {
            _scratch.Delete(StoreFile);
        }
        else
        {
            Server.Drop();
        }
    });

    /// <summary>Takes out all that is in the store.</summary>
    public void EmptyStore(Epoch epoch) =>
        Damage(Server is null ? "the store was cut off to 0 bytes" : "every table of the store was emptied", epoch, () =>
        {
            if (Server is null)
            {
                _scratch.Truncate(StoreFile, 0);
            }
            else
            {
                Server.Empty();
            }
        });

    /// <summary>Keeps a copy of the store; nobody may have it open.</summary>
    public void CopyStore()
    {
        CloseStores();
        if (Server is null)
        {
            File.Copy(StoreFile, CopyFile);
        }
        else
        {
            Server.Copy();
        }
    }

    /// <summary>Puts the copy in the place of the store.</summary>
    public void RestoreStore(Epoch epoch) => Damage("the store was replaced by an old copy", epoch, () =>
    {
        if (Server is null)
        {
            _scratch.Replace(StoreFile, CopyFile);
        }
        else
        {
            Server.Restore();
        }
    });

    /// <summary>Does something to the store, or to its server, under whoever uses it.</summary>
    public void Damage(string note, Epoch epoch, Action damage)
    {
        // Who has the file open must not open and close it elsewhere: its locks would drop.
        CloseStores();
        var began = Now;
        damage();
        Record(Fault, "store", note, began, epoch);
        Heal();
    }

    private string CopyFile => StoreFile + ".copy";

    private async Task<int> GoneAsync(Player player, OperationKind kind, string note, Instant began, Epoch? epoch)
    {
        var exit = await player.Process.Exit.WaitAsync(Bound, Clock, Stop);
        var ended = Now;
        foreach (var life in player.Lives().DefaultIfEmpty(player.Name))
        {
            Recorder.Take(new(Run, kind, kind == Exit ? ended : began, Outcome.Ok)
            {
                Ended = ended, Subject = life, Note = $"{note}; exit code {exit}", Epoch = epoch,
            });
        }

        return exit;
    }
}
