// Runs the WebAssembly build of the conformance digest and compares it with the
// one written down. Usage: node run.mjs conformance.wasm
import { readFileSync } from "node:fs";

const file = process.argv[2];
const { instance } = await WebAssembly.instantiate(readFileSync(file), {});
const digest = BigInt.asUintN(64, instance.exports.tempo_digest()).toString(16).padStart(16, "0");
const expect = readFileSync(new URL("digest.txt", import.meta.url), "utf8").trim();
console.log(`digest ${digest}, expected ${expect}`);
process.exit(digest === expect ? 0 : 1);
