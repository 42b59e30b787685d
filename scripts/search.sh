#!/usr/bin/env bash
# `npm run test:search [NAME...]`: the searches, which look longer for a fault than `npm test` does. Each has a name and a size
# of its own: the sizes here are for every change (.ci/run), scripts/nightly.sh asks for ten times as much.
set -euo pipefail
cd "$(dirname "$0")/.."

search() {
  echo "search: $1"
  case "$1" in
    # Generated requests to every route: no 5xx, and every answer is as openapi.yaml describes it. FUZZ_SEED repeats a run.
    requests) FUZZ_REQUESTS="${FUZZ_REQUESTS:-20000}" npx jest test/attacks/fuzz.test.ts ;;
    # kill -9 at random instants under load: nothing that was committed is lost or done twice.
    kills) KILL_ROUNDS="${KILL_ROUNDS:-20}" npx jest test/faults/killed.test.ts ;;
    # Everything that two accounts can do, in random order, against a model. MODEL_SEED repeats a run.
    interleavings) MODEL_RUNS="${MODEL_RUNS:-10}" npx jest test/properties/interleavings.test.ts ;;
    *)
      echo "There is no search named $1: requests, kills, interleavings." >&2
      exit 2
      ;;
  esac
}

[ $# -gt 0 ] || set -- requests kills interleavings
for name in "$@"; do search "$name"; done
