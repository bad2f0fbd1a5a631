#!/bin/sh
# A worker that is a plain script. The description of a task names files, one a line; each is packed into packed/.
#
#   baton task create --title 'pack the letters' --description 'letters/a.txt'
#   baton up --worker 'sh samples/worker-script/work.sh' --until-idle
#
# It bears being run again: what it makes is whole or not there at all.
set -eu

files=$(baton task show "$BATON_TASK_ID" --field description)
if [ -z "$files" ]; then
    echo "the description names no file"
    exit 1                                  # the attempt failed; it is tried again up to the limit
fi

printf '%s\n' "$files" | while IFS= read -r file; do
    if [ ! -r "$file" ]; then
        echo "$file is not on this machine"
        exit 75                             # declined: the last line says why; another worker may have it
    fi
done

mkdir -p packed
count=0
while IFS= read -r file; do
    name=packed/$(basename "$file").gz
    gzip -c "$file" >"$name.$BATON_CLAIM"
    gzip -t "$name.$BATON_CLAIM"            # checked before anybody can see it
    mv "$name.$BATON_CLAIM" "$name"
    count=$((count + 1))
    baton -q task progress "$BATON_TASK_ID" --note "packed $count: $file" >/dev/null
done <<END
$files
END

echo "packed $count files"
