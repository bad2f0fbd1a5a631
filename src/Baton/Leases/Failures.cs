namespace Baton;

/// <summary>The stable names of what can be wrong with a store.</summary>
public static class StoreFault
{
    /// <summary>It can't be reached or opened.</summary>
    public const string Unreachable = "store_unreachable";

    /// <summary>Its write lock stayed taken.</summary>
    public const string Busy = "store_busy";

    /// <summary>Its file is gone though its workspace exists.</summary>
    public const string Missing = "store_missing";

    /// <summary>What is there is not a store of Baton, or is broken.</summary>
    public const string Damaged = "store_damaged";

    /// <summary>It was replaced or deleted while in use.</summary>
    public const string Replaced = "store_replaced";

    /// <summary>There is no space left for it.</summary>
    public const string Full = "store_full";

    /// <summary>It can't be written to.</summary>
    public const string ReadOnly = "store_read_only";

    /// <summary>A newer program made it.</summary>
    public const string Newer = "store_newer";

    /// <summary>It lies where its locks can't be trusted.</summary>
    public const string UnsafePlace = "store_unsafe_place";

    /// <summary>The high-water mark is damaged or can't be written.</summary>
    public const string Mark = "epoch_mark";

    /// <summary>The fence belongs to another lease store.</summary>
    public const string ForeignLeases = "foreign_leases";
}

/// <summary>The store can't do what it was asked. Nothing is known to have happened.</summary>
public sealed class StoreUnavailableException : Exception
{
    /// <summary>A failure with its stable code (<see cref="StoreFault"/>) and what to do next.</summary>
    public StoreUnavailableException(string code, string message, string? hint = null,
        bool isTransient = false, Exception? inner = null) : base(message, inner)
    {
        Code = code;
        Hint = hint;
        IsTransient = isTransient;
    }

    /// <summary>One of <see cref="StoreFault"/>.</summary>
    public string Code { get; }

    /// <summary>What a person can do about it; null where there is nothing to say.</summary>
    public string? Hint { get; }

    /// <summary>Whether trying again may help.</summary>
    public bool IsTransient { get; }
}

/// <summary>A leader's write met a higher fence: its term is over.</summary>
public sealed class FencedException : Exception
{
    /// <summary>A refusal that names both epochs.</summary>
    public FencedException(Epoch attempted, Epoch fence)
        : base(attempted == fence
            ? $"epoch {attempted} is another holder's: it was handed out twice"
            : $"epoch {attempted} is behind the fence: epoch {fence} leads or led since")
    {
        Attempted = attempted;
        Fence = fence;
    }

    /// <summary>
    /// <c>fenced</c>, or <c>epoch_reused</c> when another holder wrote with the same epoch.
    /// </summary>
    public string Code => Attempted == Fence ? "epoch_reused" : "fenced";

    /// <summary>The epoch of the refused write.</summary>
    public Epoch Attempted { get; }

    /// <summary>The epoch at the fence.</summary>
    public Epoch Fence { get; }
}
