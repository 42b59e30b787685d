#!/usr/bin/env bash
# What takes too long for every change: the searches at ten times the size, every version of PostgreSQL, and every mutant.
set -euo pipefail
cd "$(dirname "$0")/.."
npm run --silent generate
export FUZZ_REQUESTS="${FUZZ_REQUESTS:-200000}" KILL_ROUNDS="${KILL_ROUNDS:-200}" MODEL_RUNS="${MODEL_RUNS:-200}"
npm run --silent test:search
npm run --silent test:postgres-versions
npm run mutation
