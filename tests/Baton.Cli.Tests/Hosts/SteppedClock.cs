using System.Globalization;
using Baton.Tests;

namespace Baton.Cli.Tests;

/// <summary>
/// A wall clock that can be stepped while programs run by it. Their other clocks go on undisturbed, as on a host
/// whose time is set.
/// </summary>
internal sealed class SteppedClock
{
    private const string Library = "libfaketime.so.1";

    private readonly string _library;
    private readonly string _file;

    private SteppedClock(string library, string file)
    {
        _library = library;
        _file = file;
        Step(TimeSpan.Zero);
    }

    /// <summary>What a program needs in its environment to run by it.</summary>
    public IEnumerable<KeyValuePair<string, string?>> Variables =>
    [
        new("LD_PRELOAD", _library),
        new("FAKETIME_TIMESTAMP_FILE", _file),
        new("FAKETIME_NO_CACHE", "1"),
        new("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
        // Otherwise each timed wait returns at once, and the program spins.
        new("FAKETIME_FORCE_MONOTONIC_FIX", "0"),
    ];

    /// <summary>Makes one; skips the test where the library for it is missing.</summary>
    /// <param name="file">The file that holds its offset.</param>
    public static SteppedClock Make(string file)
    {
        var library = Directory.EnumerateDirectories("/usr/lib")
            .Select(folder => Path.Combine(folder, "faketime", Library)).FirstOrDefault(File.Exists);
        Requirement.Installed(library, Library, "libfaketime");
        return new(library, file);
    }

    /// <summary>Sets it so far from the right time.</summary>
    public void Step(TimeSpan offset)
    {
        // Replaced as a whole: a program may read it at any moment.
        File.WriteAllText(_file + ".new", offset.TotalSeconds.ToString("+0;-0;+0", CultureInfo.InvariantCulture));
        File.SetUnixFileMode(_file + ".new", UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);
        File.Move(_file + ".new", _file, overwrite: true);
    }
}
