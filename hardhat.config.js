// SPDX-License-Identifier: Apache-2.0
// Hardhat compiles and tests the contracts offline, with the compiler of the `solc` npm package and the settings that
// the Python side uses too (contracts/compiler.json).
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig } from "hardhat/config";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const compiler = JSON.parse(readFileSync(here("contracts/compiler.json"), "utf8"));

// An invariant test makes runs x depth calls, and there are two: 8,000 calls, or 500,000 with `--test-profile long`.
const testProfile = (fuzzRuns, runs, depth) => ({
  fuzz: { runs: fuzzRuns },
  invariant: { runs, depth, failOnRevert: true },
});

export default defineConfig({
  solidity: {
    version: compiler.version,
    path: here("node_modules/solc/soljson.js"),
    settings: compiler.settings,
  },
  paths: {
    sources: "./contracts",
    tests: { solidity: "./tests/contracts" },
  },
  test: {
    solidity: {
      profiles: {
        default: testProfile(256, 20, 200),
        long: testProfile(5_000, 500, 500),
      },
    },
  },
});
