#!/usr/bin/env bash
# What takes too long for every change: 200 kills, ten times the fuzzing, twenty times the interleavings, mutations.
set -euo pipefail
cd "$(dirname "$0")/.."
npm run --silent generate
export NODE_OPTIONS=--experimental-vm-modules
KILL_ROUNDS="${KILL_ROUNDS:-200}" npx jest test/faults/killed.test.ts
FUZZ_REQUESTS="${FUZZ_REQUESTS:-200000}" npx jest test/attacks/fuzz.test.ts
MODEL_RUNS="${MODEL_RUNS:-200}" npx jest test/properties
npm run mutation
