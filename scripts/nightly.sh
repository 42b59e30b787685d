#!/usr/bin/env bash
# What takes too long for every change: 200 kills, twenty times the interleavings, mutations.
set -euo pipefail
cd "$(dirname "$0")/.."
npm run --silent generate
export NODE_OPTIONS=--experimental-vm-modules
KILL_ROUNDS="${KILL_ROUNDS:-200}" npx jest test/faults/killed.test.ts
MODEL_RUNS="${MODEL_RUNS:-200}" npx jest test/properties
npx stryker run
