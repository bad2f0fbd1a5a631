using System.Text.Json;
using System.Text.RegularExpressions;

namespace Baton.Work;

/// <summary>
/// Compares what the state file of a Hyrm workspace says of tasks with the tasks. Nothing of it is taken in, so a
/// broken one ends nothing.
/// </summary>
/// <param name="file">The file, for findings.</param>
/// <param name="findings">Takes the findings.</param>
internal sealed partial class HyrmState(string file, FindingList findings)
{
    /// <summary>Compares; gives how many tasks were spoken of as active.</summary>
    public int Compare(JsonPart root, IReadOnlyDictionary<TaskId, DurableTask> tasks)
    {
        var active = root.Kind == JsonValueKind.Object ? root["active_tasks"]?.Items ?? [] : [];
        var seen = new HashSet<TaskId>();
        foreach (var item in active)
        {
            foreach (var match in TaskIdInText().Matches(item.Text).AsEnumerable())
            {
                var id = new TaskId(match.Value);
                if (!seen.Add(id))
                {
                    continue;
                }

                var status = tasks.TryGetValue(id, out var task) ? task.Status : (DurableTaskStatus?)null;
                if (status is DurableTaskStatus.Completed or DurableTaskStatus.Cancelled or DurableTaskStatus.Failed or null)
                {
                    findings.Add(FindingKind.Disagreement, file, item.Line, $"active_tasks speaks of {id}, which "
                        + (status is { } known ? $"is {known.Name()} in memory/tasks.json" : "is no task")
                        + "; the tasks are believed");
                }
            }
        }

        foreach (var (name, value) in root.Members.Where(member => member.Name != "active_tasks"))
        {
            findings.AddUnknown(file, name, value.Line);
        }

        return seen.Count;
    }

    [GeneratedRegex(@"\btask_\d{13}_[a-z0-9]{1,20}\b", RegexOptions.CultureInvariant)]
    private static partial Regex TaskIdInText();
}
