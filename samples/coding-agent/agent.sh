#!/bin/sh
# Lets a coding agent's command line work on tasks. The command reads its instructions from standard input, works in
# this folder and prints lines:
#
#   sh samples/coding-agent/agent.sh COMMAND...
#   baton up --worker '[can=code count=1] sh samples/coding-agent/agent.sh my-agent --non-interactive' \
#       --stall 10m --time-limit 2h
#
# AGENT_CHECK names a command that must succeed before the task counts as done, for instance 'make test'. To try it
# without any agent: sh samples/coding-agent/agent.sh sh samples/coding-agent/fake-agent.sh
set -eu
: "${1:?which agent? give its command line}"
: "${BATON_TASK_FILE:?this runs below 'baton run' or 'baton up --worker'}"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

{
    cat <<'END'
You work on one task of a team, alone and without anybody to ask. Do what the task says, and nothing else. It may have
been tried before: its notes say what became of that, and traces of it may lie here.

While you work, print a line 'PROGRESS: what you do now' at each step.
End with exactly one of these lines:
RESULT: done SUMMARY
RESULT: failed REASON      you tried, and it can't be done so
RESULT: declined REASON    you can't try now: a login, a quota or a tool is missing

The task as JSON:
END
    cat "$BATON_TASK_FILE"
    if [ -r "${BATON_SPEC_FILE:-}" ]; then
        printf '\n\nIts specification, which counts where they differ:\n'
        cat "$BATON_SPEC_FILE"
    fi
} >"$work/prompt"

# Each line is kept in the log of the attempt and shows that the agent is not stuck.
{ "$@" <"$work/prompt" 2>&1 || echo $? >"$work/code"; } | while IFS= read -r line; do
    printf '%s\n' "$line"
    case $line in
    'PROGRESS: '*) baton -q task progress "$BATON_TASK_ID" --note "${line#PROGRESS: }" >/dev/null || exit ;;
    'RESULT: '*) printf '%s\n' "${line#RESULT: }" >"$work/result" ;;
    esac
done

if [ -e "$work/code" ]; then
    echo "the agent ended with exit code $(cat "$work/code")"
    exit 1
fi

# Silence is no success.
[ -e "$work/result" ] || { echo "the agent ended without a result"; exit 1; }
result=$(cat "$work/result")
case $result in
done*) ;;
declined*)
    echo "${result#declined }"
    exit 75
    ;;
*)
    baton -q task fail "$BATON_TASK_ID" --reason "${result#failed }" >/dev/null
    exit 0
    ;;
esac

if [ -n "${AGENT_CHECK:-}" ] && ! sh -c "$AGENT_CHECK"; then
    baton -q task fail "$BATON_TASK_ID" --reason "the agent says that it is done, but '$AGENT_CHECK' fails" >/dev/null
    exit 0
fi

baton -q task complete "$BATON_TASK_ID" --summary "${result#done }" >/dev/null
