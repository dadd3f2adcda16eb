#!/usr/bin/env bash
# What action.yml runs. Its inputs come as variables, so that none of them is ever read as shell.
set -uo pipefail
out=${RUNNER_TEMP:-/tmp}/stripe-audit
mkdir -p "$out" || exit 3
words=(run --quiet --format github --format "json=$out/report.json" --format "sarif=$out/report.sarif")
words+=(--format "github-summary=$out/summary.md")
[[ -n ${SETTINGS:-} ]] && words+=(--settings "$SETTINGS")
[[ -n ${BASELINE:-} ]] && words+=(--baseline "$BASELINE")
[[ -n ${SINCE:-} ]] && words+=(--since "$SINCE")
while IFS= read -r word; do
  [[ -n $word ]] && words+=("$word")
done <<<"${ARGUMENTS:-}"
stripe-audit "${words[@]}"
code=$?
if [[ -n ${GITHUB_STEP_SUMMARY:-} && -f $out/summary.md ]]; then
  cat "$out/summary.md" >>"$GITHUB_STEP_SUMMARY"
fi
if [[ -n ${GITHUB_OUTPUT:-} ]]; then
  {
    printf 'report=%s\n' "$out/report.json"
    printf 'sarif=%s\n' "$out/report.sarif"
    printf 'exit-code=%s\n' "$code"
  } >>"$GITHUB_OUTPUT"
fi
exit "$code"
