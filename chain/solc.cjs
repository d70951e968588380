// SPDX-License-Identifier: Apache-2.0
// The solc npm package with the two options of the solc program that py-solc-x uses. The package's own `solcjs` prints a
// notice before the JSON, which no JSON reader takes.
const { readFileSync } = require("node:fs");
const solc = require("solc");

const option = process.argv[2];
if (option === "--version") {
  process.stdout.write(`Version: ${solc.version()}\n`);
} else if (option === "--standard-json") {
  process.stdout.write(solc.compile(readFileSync(0, "utf8")));
} else {
  process.stderr.write(`Invalid option to solc: ${option}\n`);
  process.exitCode = 1;
}
