using System.Text.RegularExpressions;

namespace Baton;

/// <summary>
/// The scope of one leadership: at most one leader per name. <c>[A-Za-z0-9._-]{1,64}</c>, default
/// <c>main</c>.
/// </summary>
public readonly partial record struct ElectionName
{
    /// <summary>The default election.</summary>
    public static readonly ElectionName Main = new("main");

    /// <summary>A checked name.</summary>
    /// <exception cref="ArgumentException">The text does not have the form of a name.</exception>
    public ElectionName(string value)
    {
        ArgumentNullException.ThrowIfNull(value);
        if (!Form().IsMatch(value))
        {
            throw new ArgumentException($"'{value}' is no election name: 1 to 64 of A-Z a-z 0-9 . _ -", nameof(value));
        }

        Value = value;
    }

    /// <summary>The name.</summary>
    public string Value => field ?? "main";

    /// <summary>The name.</summary>
    public override string ToString() => Value;

    [GeneratedRegex(@"\A[A-Za-z0-9._-]{1,64}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Form();
}

/// <summary>
/// Names one process life of a candidate: a stable name and a suffix that is new at every start.
/// <c>[A-Za-z0-9._-]{1,128}</c>, and never <c>.</c> or <c>..</c>, because a witness file bears it.
/// </summary>
public readonly partial record struct HolderId
{
    /// <summary>A checked id.</summary>
    /// <exception cref="ArgumentException">The text does not have the form of an id.</exception>
    public HolderId(string value)
    {
        ArgumentNullException.ThrowIfNull(value);
        if (!IsWellFormed(value))
        {
            throw new ArgumentException($"'{value}' is no id: 1 to 128 of A-Z a-z 0-9 . _ -", nameof(value));
        }

        Value = value;
    }

    /// <summary>The id.</summary>
    public string Value => field ?? "";

    /// <summary>Whether the text may serve as an id.</summary>
    public static bool IsWellFormed(string value) => Form().IsMatch(value) && value.Trim('.').Length > 0;

    /// <summary>The id.</summary>
    public override string ToString() => Value;

    [GeneratedRegex(@"\A[A-Za-z0-9._-]{1,128}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Form();
}
