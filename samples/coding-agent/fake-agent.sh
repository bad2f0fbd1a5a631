#!/bin/sh
# Stands in for a coding agent, so that the wrapper can be tried offline. What the task says decides how it ends.
set -eu
prompt=$(cat)
echo "PROGRESS: reads the task"
case $prompt in
*'no quota'*) echo "RESULT: declined the quota of today is used up" ;;
*impossible*) echo "RESULT: failed it contradicts itself" ;;
*'says nothing'*) echo "I believe that this is fine." ;;
*crash*) exit 3 ;;
*)
    printf 'made for %s\n' "$BATON_TASK_ID" >"made-$BATON_TASK_ID"
    echo "PROGRESS: wrote the file"
    echo "RESULT: done wrote made-$BATON_TASK_ID"
    ;;
esac
