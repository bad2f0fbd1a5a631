using System.CommandLine;

namespace Baton.Cli;

/// <summary><c>baton config show</c>: each setting and where it came from.</summary>
internal static class ConfigCommand
{
    public static Command Declare() => new("config", "the settings")
    {
        new Verb("show", "show each setting and where it came from", RunAsync),
    };

    private static Task<int> RunAsync(Session session)
    {
        var settings = session.Settings;
        SettingJson[] rows =
        [
            new("workspace", settings.Workspace?.Folder, settings.Workspace is null ? "none found" : "found"),
            Row("store", settings.Store),
            Row("leases", settings.Leases),
            Row("election", settings.Election),
        ];
        session.Output.Data(rows, BatonJson.Default.SettingJsonArray, text =>
        {
            var table = new Table("NAME", "VALUE", "FROM");
            foreach (var row in rows)
            {
                table.Add(row.Name, row.Value, row.Origin);
            }

            table.Write(text, session.Output);
        });
        return Task.FromResult(ExitCode.Ok);
    }

    private static SettingJson Row(string name, Setting? setting) =>
        new(name, setting is null ? null : StoreUri.Mask(setting.Value), setting?.Origin ?? "none");
}
