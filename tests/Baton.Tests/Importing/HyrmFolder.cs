using System.Text;
using Baton.Work;

namespace Baton.Tests;

/// <summary>A small Hyrm workspace in a temporary folder.</summary>
internal sealed class HyrmFolder : IDisposable
{
    public static readonly DateTimeOffset Now = new(2026, 2, 1, 0, 0, 0, TimeSpan.Zero);

    public HyrmFolder() => Directory.CreateDirectory(Path.Combine(Root, "memory"));

    public string Root { get; } = Directory.CreateTempSubdirectory("baton-hyrm-").FullName;

    /// <summary>Writes a file of <c>memory/</c>.</summary>
    public HyrmFolder With(string name, string text) => With(name, Encoding.UTF8.GetBytes(text));

    public HyrmFolder With(string name, byte[] bytes)
    {
        File.WriteAllBytes(Path.Combine(Root, "memory", name), bytes);
        return this;
    }

    /// <summary>Writes tasks, each given as the members of its object.</summary>
    public HyrmFolder WithTasks(params string[] tasks)
    {
        var list = string.Join(",\n", tasks.Select(task => $"{{{task}}}"));
        return With("tasks.json", $"{{\n\"tasks\": [\n{list}\n]\n}}\n");
    }

    public ImportReading Read() => HyrmReader.Read(Root, Now);

    public ImportReading.Whole ReadWhole() => Assert.IsType<ImportReading.Whole>(Read());

    public string ReadDamage() => Assert.IsType<ImportReading.Damaged>(Read()).Message;

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
