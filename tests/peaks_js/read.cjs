// Reads .dat and .json files with the npm package waveform-data, which peaks.js
// is built on, and prints what it sees of each, one JSON object a line.
//
// node read.cjs NODE_MODULES FILE...

"use strict";

const fs = require("node:fs");
const path = require("node:path");

const [modules, ...files] = process.argv.slice(2);
const WaveformData = require(path.join(path.resolve(modules), "waveform-data"));

function open(file) {
  const bytes = fs.readFileSync(file);
  if (file.endsWith(".json")) {
    return WaveformData.create(JSON.parse(bytes.toString()));
  }
  return WaveformData.create(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}

function seen(waveform) {
  const channels = [];
  for (let i = 0; i < waveform.channels; i++) {
    const channel = waveform.channel(i);
    channels.push({ min: Array.from(channel.min_array()), max: Array.from(channel.max_array()) });
  }
  const { sample_rate, scale, bits, length } = waveform;
  return { sample_rate, scale, bits, length, channels };
}

for (const file of files) {
  const waveform = open(file);
  // Zooming out, as peaks.js does.
  const coarser = waveform.resample({ scale: 2 * waveform.scale });
  console.log(JSON.stringify({ as_is: seen(waveform), coarser: seen(coarser) }));
}
