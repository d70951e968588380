// SPDX-License-Identifier: Apache-2.0
/**
 * The ZIP file of an evidence package, read with suspicion and piece by piece, by the rules of notary/package/container.py.
 * @module
 */
import { utf8 } from './encoding.js';
import { BrokenError, refuse } from './errors.js';

export const MAX_FILES = 65_000;
export const MIMETYPE = 'mimetype';
export const MEDIA_TYPE = 'application/vnd.etsi.asic-e+zip';
const MAX_PACKAGE = 4 * 1024 ** 3 - 1;
const MAX_FILE = 50 * 1024 * 1024;
const MAX_DIRECTORY = 32 * 1024 * 1024;
const [END_SIZE, CENTRAL_SIZE, LOCAL_SIZE] = [22, 46, 30];
const [END_MARK, CENTRAL_MARK, LOCAL_MARK] = [0x06054b50, 0x02014b50, 0x04034b50];
const [STORED, DEFLATED] = [0, 8];
/** Encrypted, patched, strongly encrypted. */
const REFUSED_FLAGS = 0x1 | 0x20 | 0x40;
const NEWEST_VERSION = 63;
const NAME = /^(?=.{1,200}$)[A-Za-z0-9][A-Za-z0-9._-]*(?:\/[A-Za-z0-9][A-Za-z0-9._-]*){0,4}$/;
const PIECE = 1024 * 1024;
const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

/** Tell whether a file that begins like this is a ZIP archive, so not a receipt. */
export function isArchive(data) {
  return data[0] === 0x50 && data[1] === 0x4b;
}

/** The files of an open package. */
export class Container {
  constructor(blob, entries) {
    this.blob = blob;
    this.entries = new Map(entries.map((entry) => [entry.name, entry]));
  }

  /** All names, in the archive's order. */
  get names() {
    return [...this.entries.keys()];
  }

  /** Return a file of at most `limit` bytes. @returns {Promise<Uint8Array>} @throws {BrokenError} */
  async read(name, limit) {
    const entry = this.entries.get(name);
    if (!entry) refuse(`/${name}: is not in the package`);
    if (entry.size > limit) refuse(`/${name}: has more than ${limit} bytes`);
    const parts = [];
    for await (const part of this.parts(name)) parts.push(part);
    return new Uint8Array(await new Blob(parts).arrayBuffer());
  }

  /** Yield a file piece by piece; what is not as its directory says is refused at the end. */
  async *parts(name) {
    const entry = this.entries.get(name);
    const start = await this.start(entry);
    const packed = this.blob.slice(start, start + entry.packedSize);
    let [crc, left] = [0xffffffff, entry.size];
    for await (const piece of entry.method === STORED ? pieces(packed) : inflated(packed, name)) {
      const part = piece.subarray(0, left);
      for (const byte of part) crc = CRC_TABLE[(crc ^ byte) & 0xff] ^ (crc >>> 8);
      left -= part.length;
      if (part.length) yield part;
      if (!left) break;
    }
    if ((crc ^ 0xffffffff) >>> 0 !== entry.crc) refuse(`/${name}: is not as its checksum says`);
  }

  async start(entry) {
    const head = await view(this.blob, entry.offset, LOCAL_SIZE);
    if (head.getUint32(0, true) !== LOCAL_MARK) refuse(`/${entry.name}: does not begin as a file of an archive does`);
    const [nameSize, extraSize] = [head.getUint16(26, true), head.getUint16(28, true)];
    const at = entry.offset + LOCAL_SIZE;
    const name = latin(await this.blob.slice(at, at + nameSize).arrayBuffer());
    if (name !== entry.name) refuse(`/${entry.name}: is called something else where it begins`);
    return at + nameSize + extraSize;
  }
}

/**
 * Open a package.
 * @param {Blob} blob
 * @returns {Promise<Container>}
 * @throws {BrokenError}
 */
export async function openContainer(blob) {
  if (blob.size < END_SIZE) refuse('is too short for a ZIP archive');
  const end = blob.size - END_SIZE;
  const { count, size, offset } = readEnd(await view(blob, end, END_SIZE), end);
  const entries = readDirectory(await view(blob, offset, size), count);
  checkEntries(entries, offset);
  const container = new Container(blob, entries);
  const found = await container.read(MIMETYPE, MEDIA_TYPE.length);
  const wanted = utf8(MEDIA_TYPE);
  if (found.length !== wanted.length || found.some((byte, i) => byte !== wanted[i]))
    refuse(`/${MIMETYPE}: is not ${MEDIA_TYPE}`);
  return container;
}

function readEnd(record, end) {
  const short = (at) => record.getUint16(at, true);
  const [size, offset] = [record.getUint32(12, true), record.getUint32(16, true)];
  if (record.getUint32(0, true) !== END_MARK || short(20))
    refuse('does not end as a ZIP archive does: it is truncated, or something was appended');
  const [disk, first, here, count] = [4, 6, 8, 10].map(short);
  if (disk || first || here !== count || count > MAX_FILES + 1 || size > MAX_DIRECTORY)
    refuse(`is an archive in parts, or one of more than ${MAX_FILES} files`);
  if (offset + size !== end) refuse('has something before, between or behind the parts of its archive');
  return { count, size, offset };
}

function readDirectory(directory, count) {
  const entries = [];
  let at = 0;
  while (at < directory.byteLength) {
    if (at + CENTRAL_SIZE > directory.byteLength || directory.getUint32(at, true) !== CENTRAL_MARK)
      refuse('has a directory that cannot be read');
    const short = (place) => directory.getUint16(at + place, true);
    const long = (place) => directory.getUint32(at + place, true);
    const next = at + CENTRAL_SIZE + short(28) + short(30) + short(32);
    if (next > directory.byteLength || short(6) > NEWEST_VERSION) refuse('has a directory that cannot be read');
    const bytes = directory.buffer.slice(directory.byteOffset + at + CENTRAL_SIZE, directory.byteOffset + next);
    entries.push({
      name: latin(bytes.slice(0, short(28))),
      flags: short(8),
      method: short(10),
      crc: long(16),
      packedSize: long(20),
      size: long(24),
      offset: long(42),
    });
    at = next;
  }
  if (entries.length !== count) refuse('has a directory of another length than it says');
  return entries;
}

function checkEntries(entries, directory) {
  const [first] = entries;
  if (first?.name !== MIMETYPE || first.offset || first.method !== STORED)
    refuse(`does not begin with the file ${MIMETYPE}, stored`);
  const names = new Set();
  for (const entry of entries) {
    const name = entry.name.toLowerCase();
    if (names.has(name)) refuse(`/${entry.name}: is in the archive twice`);
    names.add(name);
    checkEntry(entry);
  }
  if (entries.reduce((sum, { size }) => sum + size, 0) > MAX_PACKAGE) refuse(`holds more than ${MAX_PACKAGE} bytes`);
  checkOverlaps(entries, directory);
}

function checkEntry({ name, method, flags, size, packedSize }) {
  if (!NAME.test(name)) refuse(`holds a file with a name that no package has: ${JSON.stringify(name.slice(0, 200))}`);
  if (method !== STORED && method !== DEFLATED) refuse(`/${name}: is neither stored nor deflated`);
  if (flags & REFUSED_FLAGS) refuse(`/${name}: is encrypted`);
  if (size > MAX_FILE) refuse(`/${name}: has more than ${MAX_FILE} bytes`);
  if (method === STORED && size !== packedSize) refuse(`/${name}: is stored in another size than it has`);
}

function checkOverlaps(entries, directory) {
  let end = 0;
  for (const { name, offset, packedSize } of entries.toSorted((one, other) => one.offset - other.offset)) {
    if (offset < end) refuse(`/${name}: shares bytes with another file of the archive`);
    end = offset + LOCAL_SIZE + name.length + packedSize;
  }
  if (end > directory) refuse('has files that reach into its directory');
}

async function* pieces(blob) {
  for (let at = 0; at < blob.size; at += PIECE)
    yield new Uint8Array(await blob.slice(at, at + PIECE).arrayBuffer());
}

async function* inflated(blob, name) {
  const reader = blob.stream().pipeThrough(new DecompressionStream('deflate-raw')).getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read().catch(() => refuse(`/${name}: cannot be inflated`));
      if (done) return;
      yield value;
    }
  } finally {
    // What is left unread is nobody's concern, nor whether it could have been read.
    reader.cancel().catch((error) => error instanceof BrokenError);
  }
}

async function view(blob, start, size) {
  const data = await blob.slice(start, start + size).arrayBuffer();
  return data.byteLength === size ? new DataView(data) : refuse('ends early');
}

function latin(buffer) {
  return Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join('');
}
