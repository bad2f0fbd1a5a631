using System.Text.Json;

namespace Baton.Cli;

/// <summary>What <c>.baton/config.json</c> says; <c>leases</c> is a URI or <c>store</c>.</summary>
internal sealed record WorkspaceConfig
{
    public int Version { get; init; } = 1;

    public string? Store { get; init; }

    public string? Leases { get; init; }

    public string? Election { get; init; }
}

/// <summary>A folder that holds a <c>.baton/</c>.</summary>
internal sealed record Workspace(string Root)
{
    /// <summary>The name of the folder within.</summary>
    public const string FolderName = ".baton";

    /// <summary>The store that a workspace has if nothing else is said, relative to its root.</summary>
    public const string DefaultStore = "sqlite:.baton/baton.db";

    /// <summary>The folder of Baton's own files.</summary>
    public string Folder => Path.Combine(Root, FolderName);

    /// <summary>The settings of the workspace.</summary>
    public string ConfigFile => Path.Combine(Folder, "config.json");

    /// <summary>
    /// The nearest workspace from a folder upwards, as git finds its own; null where there is none.
    /// </summary>
    public static Workspace? Find(string from)
    {
        for (var folder = new DirectoryInfo(from); folder is not null; folder = folder.Parent)
        {
            if (Directory.Exists(Path.Combine(folder.FullName, FolderName)))
            {
                return new(folder.FullName);
            }
        }

        return null;
    }

    /// <summary>The settings; all absent where there is no file.</summary>
    /// <exception cref="CommandFailure">The file is broken.</exception>
    public WorkspaceConfig ReadConfig()
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllText(ConfigFile), BatonJson.Default.WorkspaceConfig) ?? new();
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return new();
        }
        catch (JsonException e)
        {
            throw CommandFailure.Usage($"{ConfigFile}:{(e.LineNumber ?? 0) + 1} is not valid: {Oneline(e.Message)}",
                "mend the file, or remove it: every setting has a default");
        }
    }

    /// <summary>Writes the settings if they are not what the file says.</summary>
    public void Remember(WorkspaceConfig config)
    {
        if (config != ReadConfig())
        {
            WriteConfig(config);
        }
    }

    /// <summary>Writes the settings whole or not at all.</summary>
    public void WriteConfig(WorkspaceConfig config)
    {
        var fresh = ConfigFile + ".new";
        try
        {
            File.WriteAllText(fresh, JsonSerializer.Serialize(config, BatonJson.Default.WorkspaceConfig) + "\n");
            File.Move(fresh, ConfigFile, overwrite: true);
        }
        catch (IOException)
        {
            File.Delete(fresh);
            throw;
        }
    }

    private static string Oneline(string message) => message.Split(" Path:")[0].TrimEnd('.');
}
