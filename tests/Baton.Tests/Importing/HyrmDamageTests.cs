using System.Text;
using Baton.Work;

namespace Baton.Tests;

public sealed class HyrmDamageTests : IDisposable
{
    private readonly HyrmFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_folder_that_is_not_there_is_missing()
    {
        var missing = Assert.IsType<ImportReading.Missing>(
            HyrmReader.Read(Path.Combine(_folder.Root, "nowhere"), HyrmFolder.Now));
        Assert.Contains("nowhere", missing.Message, StringComparison.Ordinal);
        Assert.Contains("memory/tasks.json", missing.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_without_memory_or_tasks_is_missing()
    {
        Assert.IsType<ImportReading.Missing>(_folder.Read());
        _folder.WithTasks();
        var inside = Assert.IsType<ImportReading.Missing>(
            HyrmReader.Read(Path.Combine(_folder.Root, "memory"), HyrmFolder.Now));
        Assert.Contains(_folder.Root, inside.Hint, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{\"tasks\": [\n  {\"id\": \"a\", \"tit", "line 2, column 19", "ends in the middle")]
    [InlineData("{\"tasks\": [{\"id\": \"a\"}\n", "line 2, column 1", "ends in the middle")]
    [InlineData("\0\0\0\0", "line 1, column 1", "ends in the middle")]
    [InlineData("", "line 1, column 1", "empty (0 bytes)")]
    [InlineData("{\"tasks\": [\n  {\"é\": 1, oops}]}", "line 2, column 12", "no valid JSON")]
    [InlineData("{\"tasks\": []} {}", "line 1, column 15", "no valid JSON")]
    [InlineData("{\"tasks\": []}\n{\"tasks\"", "line 2, column 1", "no valid JSON")]
    [InlineData("{\"tasks\": [],\n \"tasks\": []}", "line 2, column 2", "names 'tasks' twice")]
    [InlineData("{\"tasks\": [{\"id\": \"\\ud800\"}]}", "line 1, column 19", "not valid Unicode")]
    [InlineData("{\"other\": []}", "line 1", "no list 'tasks'")]
    [InlineData("{\"tasks\":\n {\"a\": 1}}", "line 2", "no list 'tasks'")]
    [InlineData("null", "line 1", "no list 'tasks'")]
    [InlineData("{\"tasks\": [\n{\"title\": \"A\"}]}", "line 2", "has no 'id'")]
    [InlineData("{\"tasks\": [\n{\"id\": null}]}", "line 2", "has no 'id'")]
    [InlineData("{\"tasks\": [\nnull]}", "line 2", "null instead of a record of one task")]
    [InlineData("{\"tasks\": [\n{\"id\": \"../a\"}]}", "line 2", "'../a' is no id")]
    [InlineData("{\"tasks\": [\n{\"id\": \"a\\u001b\"}]}", "line 2", "'a ' is no id")]
    [InlineData("{\"tasks\": [\n{\"id\": \"..\"}]}", "line 2", "'..' is no id")]
    public void A_damaged_file_names_its_place(string text, string place, string why)
    {
        var message = _folder.With("tasks.json", text).ReadDamage();
        Assert.StartsWith("memory/tasks.json, " + place, message, StringComparison.Ordinal);
        Assert.Contains(why, message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
    }

    [Fact]
    public void Every_cut_of_a_file_is_refused()
    {
        var whole = Encoding.UTF8.GetBytes("""
            {"tasks": [{"id": "a", "title": "é", "notes": ["x"], "quality_score": 7.5}], "version": 1}
            """);
        for (var length = 0; length < whole.Length; length++)
        {
            var message = _folder.With("tasks.json", whole[..length]).ReadDamage();
            Assert.StartsWith("memory/tasks.json, line 1, column ", message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Bytes_that_are_no_text_are_refused()
    {
        byte[] bytes = [.. "{\"tasks\": [{\"id\": \"a\", \"title\": \""u8, 0xff, .. "\"}]}"u8];
        var message = _folder.With("tasks.json", bytes).ReadDamage();
        Assert.StartsWith("memory/tasks.json, line 1, column ", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Deep_nesting_is_refused()
    {
        var deep = new string('[', 100_000);
        var message = _folder.With("tasks.json", deep).ReadDamage();
        Assert.Contains("no valid JSON", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("agent-registry.json", "")]
    [InlineData("agent-registry.json", "{\"agents\": [")]
    [InlineData("agent-registry.json", "{}")]
    [InlineData("agent-registry.json", "{\"agents\": [{\"agent_id\": \"a b\"}]}")]
    [InlineData("orchestrator-state.json", "")]
    [InlineData("orchestrator-state.json", "{\"leader_epoch\": 1")]
    [InlineData("orchestrator-state.json", "[]")]
    [InlineData("coordination.log", "")]
    public void Damage_to_any_record_ends_the_import(string file, string text)
    {
        var damage = Assert.IsType<ImportReading.Damaged>(_folder.WithTasks().With(file, text).Read());
        Assert.StartsWith($"memory/{file}", damage.Message, StringComparison.Ordinal);
        Assert.Contains("nothing was imported", damage.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_in_place_of_a_file_ends_the_import()
    {
        Directory.CreateDirectory(Path.Combine(_folder.WithTasks().Root, "memory", "coordination.log"));
        Assert.Contains("is a folder", _folder.ReadDamage(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_beyond_all_measure_ends_the_import()
    {
        using (var file = File.Create(Path.Combine(_folder.Root, "memory", "tasks.json")))
        {
            file.SetLength((64L << 20) + 1);
        }

        Assert.Contains("larger than 64 MiB", _folder.ReadDamage(), StringComparison.Ordinal);
    }
}
