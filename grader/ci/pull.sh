#!/usr/bin/env bash
# Clone every student's repository and lay them out as `grader grade` reads a class: FOLDER/<student>/<assignment>/.
#
#     pull.sh STUDENTS.CSV FOLDER
#
# STUDENTS.CSV has one line a student, `id,address`; empty lines and lines that begin with # are passed over.
# PULL_TOKEN, where it is set, is used for addresses that begin with https://PULL_HOST/.
#
# Nothing of a student's is run: no hooks, no submodules, no filters for large files. A repository that cannot be cloned
# leaves an empty folder, of which the grader speaks, and the others are pulled all the same.
set -euo pipefail

list=$1
folder=$2
export GIT_TERMINAL_PROMPT=0 GIT_LFS_SKIP_SMUDGE=1
if [ -n "${PULL_TOKEN:-}" ]; then
    # By the environment: a command line is visible to every process.
    export GIT_CONFIG_COUNT=1
    export GIT_CONFIG_KEY_0="url.https://x-access-token:${PULL_TOKEN}@${PULL_HOST:?}/.insteadOf"
    export GIT_CONFIG_VALUE_0="https://${PULL_HOST}/"
fi
unset PULL_TOKEN

clones=$(mktemp -d)
trap 'rm -rf "$clones"' EXIT
pulled=0
missing=()
while IFS=, read -r student address || [ -n "$student" ]; do
    address=${address%$'\r'}
    case $student in
        '' | '#'* | $'\r') continue ;;
        .* | */* | *[[:space:]]*)
            echo "$list: '$student' is no student's id: write id,address without / and spaces" >&2
            exit 2
            ;;
    esac
    rm -rf "${folder:?}/$student"
    mkdir -p "$folder/$student"
    if git -c core.hooksPath=/dev/null clone --quiet --depth 1 --no-tags --no-recurse-submodules -- \
        "$address" "$clones/$student" < /dev/null; then
        pulled=$((pulled + 1))
        if [ -d "$clones/$student/assignments" ]; then
            rmdir "$folder/$student"
            mv "$clones/$student/assignments" "$folder/$student"
        fi
        rm -rf "${clones:?}/$student"
    else
        missing+=("$student")
    fi
done < "$list"

echo "$pulled repositories pulled"
if [ ${#missing[@]} -gt 0 ]; then
    echo "not pulled: ${missing[*]}" >&2
fi
if [ "$pulled" = 0 ]; then
    echo "$list: not one repository could be pulled; check the addresses and the token" >&2
    exit 1
fi
