// SPDX-License-Identifier: Apache-2.0
// The solc npm package with the two options of the solc program that py-solc-x, forge and slither use. What they say beside
// --standard-json, of folders that may be read, has no meaning here: the JSON brings all sources along. The package's own
// `solcjs` prints a notice before the JSON, which no JSON reader takes.
const { readFileSync } = require("node:fs");
const solc = require("solc");

const options = process.argv.slice(2);
if (options.includes("--version")) {
  process.stdout.write(`Version: ${solc.version()}\n`);
} else if (options.includes("--standard-json")) {
  process.stdout.write(solc.compile(readFileSync(0, "utf8")));
} else {
  process.stderr.write(`Invalid option to solc: ${options.join(" ")}\n`);
  process.exitCode = 1;
}
