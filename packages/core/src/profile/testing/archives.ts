// SPDX-License-Identifier: Apache-2.0
// Archives that no tool would make.
import { crc32, deflateRawSync } from 'node:zlib';

export interface TarMember {
  name: string;
  /** `0` file, `1` hard link, `2` symbolic link, `3` and `4` devices, `5` folder, `6` pipe. */
  type?: string;
  text?: string | Buffer;
  linkName?: string;
  /** What the header says instead of the truth. */
  size?: number;
}

export function tarOf(members: TarMember[], { end = true } = {}): Buffer {
  const parts = members.flatMap(member => {
    const content = Buffer.from(member.text ?? '');
    const padding = Buffer.alloc((512 - (content.length % 512)) % 512);
    return [header(member, content.length), content, padding];
  });
  return Buffer.concat([...parts, ...(end ? [Buffer.alloc(1024)] : [])]);
}

function header({ name, type = '0', linkName = '', size }: TarMember, length: number): Buffer {
  const raw = Buffer.alloc(512);
  raw.write(name, 0, 100);
  raw.write('0000644\0', 100);
  raw.write(`${(size ?? length).toString(8).padStart(11, '0')}\0`, 124);
  raw.write('        ', 148);
  raw.write(type, 156);
  raw.write(linkName, 157, 100);
  raw.write('ustar\0', 257);
  raw.write('00', 263);
  const sum = raw.reduce((total, byte) => total + byte, 0);
  raw.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return raw;
}

export interface ZipMember {
  name: string;
  text: string | Buffer;
  /** Unix mode, the file type included. */
  mode?: number;
  encrypted?: boolean;
  /** What the directory says instead of the truth. */
  size?: number;
}

export function zipOf(members: ZipMember[]): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const member of members) {
    const content = Buffer.from(member.text);
    const packed = deflateRawSync(content);
    const name = Buffer.from(member.name);
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(8, 8);
    local.writeUInt16LE(name.length, 26);
    const central = Buffer.alloc(46);
    central.writeUInt32LE(0x02014b50, 0);
    central.writeUInt8(3, 5);
    central.writeUInt16LE(member.encrypted === true ? 1 : 0, 8);
    central.writeUInt16LE(8, 10);
    central.writeUInt32LE(crc32(content), 16);
    central.writeUInt32LE(packed.length, 20);
    central.writeUInt32LE(member.size ?? content.length, 24);
    central.writeUInt16LE(name.length, 28);
    central.writeUInt32LE(((member.mode ?? 0o100_644) << 16) >>> 0, 38);
    central.writeUInt32LE(offset, 42);
    parts.push(local, name, packed);
    directory.push(central, name);
    offset += local.length + name.length + packed.length;
  }
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(members.length, 8);
  end.writeUInt16LE(members.length, 10);
  end.writeUInt32LE(Buffer.concat(directory).length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, ...directory, end]);
}
