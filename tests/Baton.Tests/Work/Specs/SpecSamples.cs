using Baton.Work;

namespace Baton.Tests;

/// <summary>Specs as people and other programs wrote them, and tasks to write specs of.</summary>
internal static class SpecSamples
{
    public const string Newer = """
        # Task: Renovar la cocina – ¡rápido! #

        **Task ID**: `task_1700000000123_ab12cd`  
        **Priority**: high  
        **Status**: in_progress  
        **Complexity**: moderate  
        **GitHub Issue**: [#7](https://example.org/x/issues/7)  
        **Branch**: `kitchen`  
        **Estimated Time**: 1 hours  
        **Assigned To**: agent-1  
        **Tags**: house, urgent

        ---

        ## Problem Statement

        The kitchen is old.

        ```
        ## not a section
        ```

        **Additional Context**:
        - [2026-01-02T03:04:05.678Z] Measured the walls.
        - [2026-01-03] Chose the colour:

        ✅ white

        - and a little green

        ## Goals

        - Cook again

        ---

        ## Implementation Plan

        **Phase 1: Clear**
          - Carry all out

        **Phase 2: Paint**
          - Paint it

        ---

        ## Success Criteria

        [ ] It is white
        [x] It is dry

        ---

        ## Notes

        - none

        ---

        ## History

        | Date | Event |
        |------|-------|
        | 2026-01-01T00:00:00.001Z | Task created |
        | 2026-01-04T00:00:00.000Z | Spec generated |

        """;

    public const string Older = """
        # Task: Sweep the yard

        **Task ID**: `task_1700000000999_zz99zz`  
        **Priority**: low  
        **Status**: completed  
        **GitHub Issue**: pending  
        **Branch**: `not created`  
        **Estimated Time**: 0.5  
        **Assigned To**: unassigned

        ---

        ## Problem Statement

        TODO: Add problem statement

        ## Goals

        - TODO: Define goals

        ---

        ## Implementation Plan

        - TODO: Add implementation phases

        ---

        ## Technical Details

        - TODO: Add technical notes

        ---

        ## Success Criteria

        - [ ] TODO: Define success criteria

        ---

        ## Notes

        - TODO: Add links and context

        ---

        ## History

        | Date | Event |
        |------|-------|
        | 2025-12-31T21:22:21.159Z | Task created |

        """;

    public static readonly DateTimeOffset Now = new(2026, 1, 5, 6, 7, 8, 9, TimeSpan.Zero);

    public static DurableTask Task => new(new("task_1700000000123_ab12cd"), "Paint | the *kitchen*")
    {
        Description = "White.\n\nSuccess criteria:\n- it is dry\n- it is white",
        Priority = TaskPriority.Critical,
        Complexity = TaskComplexity.Simple,
        EstimatedHours = 1.5m,
        Tags = ["house", "a,b", @"back\slash"],
        DependsOn = [new("task_1"), new("task_2")],
        GithubIssue = new(3, "https://example.org/issues/3"),
        Branch = "paint",
        AssignedTo = "ann",
        CreatedAt = Now.AddDays(-1),
        UpdatedAt = Now,
        Notes = [new(Now, "first\n\n## second line\n- [2026-01-01] no note\n```"), new(Now.AddMinutes(1), "third")],
    };

    public static TaskSpec Read(string text) =>
        SpecReader.Read(text, Now).Spec ?? throw new InvalidOperationException("the text names no task");

    public static string Written(DurableTask task) => SpecWriter.Write(SpecDraft.Of(task, [], Now));
}
