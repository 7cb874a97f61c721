/** Frames and messages of the network to begin with. */

const OURS = [2, 0, 0, 0, 0, 1];
const THEIRS = [2, 0, 0, 0, 0, 2];
const FIXED = 0x8000;

const u16 = (value: number) => Buffer.from([value >> 8, value & 255]);
const record = (frame: Buffer, flags = FIXED) => Buffer.concat([u16(frame.length | flags), frame]);
const wait = (units: number) => u16(units << 11);

function ipv4(protocol: number, payload: Buffer, fragment = 0): Buffer {
  const header = Buffer.alloc(20);
  header[0] = 0x45;
  header[8] = 64;
  header[9] = protocol;
  u16(fragment).copy(header, 6);
  return Buffer.concat([Buffer.from([...OURS, ...THEIRS, 8, 0]), header, payload]);
}

/** Ports that are odd in their first byte are set right, and then the numbers are distances. */
function tcp(flags: number, data = '', { seq = 0, ack = 0, options = Buffer.alloc(0) } = {}): Buffer {
  const header = Buffer.alloc(20);
  header.set([1, 0, 1, 0]);
  header.writeInt16BE(seq, 4);
  header.writeInt16BE(ack, 8);
  header[12] = (5 + options.length / 4) << 4;
  header[13] = flags;
  header.writeUInt16BE(4000, 14);
  return ipv4(6, Buffer.concat([header, options, Buffer.from(data)]));
}

function udp(port: number, data: Buffer, from = 53): Buffer {
  return ipv4(17, Buffer.concat([u16(from), u16(port), u16(8 + data.length), u16(0), data]));
}

/** Bits of TCP: FIN 1, SYN 2, RST 4, PSH 8, ACK 16. */
export function netPackets(): Buffer[] {
  const arp = Buffer.from([
    ...OURS,
    ...THEIRS,
    8,
    6,
    0,
    1,
    8,
    0,
    6,
    4,
    0,
    2,
    ...THEIRS,
    10,
    0,
    0,
    2,
    ...OURS,
    10,
    0,
    0,
    1,
  ]);
  const echo = ipv4(1, Buffer.from([8, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7]));
  const unreachable = ipv4(1, Buffer.concat([Buffer.from([3, 3, 0, 0, 0, 0, 0, 0]), tcp(16).subarray(14)]));
  const options = Buffer.from([2, 4, 5, 180, 1, 3, 3, 7]);
  const data = 'x'.repeat(40);
  return [
    Buffer.concat([record(arp), record(echo), record(unreachable), wait(15)]),
    Buffer.concat([
      record(tcp(24, data)),
      record(tcp(24, data, { seq: 80 })),
      record(tcp(24, data, { seq: 40 })),
    ]),
    Buffer.concat([record(tcp(17)), wait(15), record(tcp(16, '', { ack: 1 })), wait(15)]),
    Buffer.concat([record(tcp(4, '', { seq: 5 })), record(tcp(2)), record(tcp(4))]),
    Buffer.concat([
      record(tcp(2, '', { options })),
      record(tcp(16, '', { ack: 512 })),
      wait(13),
      record(tcp(16)),
    ]),
    Buffer.concat([
      record(ipv4(17, Buffer.alloc(16), 0x2000)),
      record(ipv4(17, Buffer.alloc(16), 2)),
      wait(15),
    ]),
    Buffer.concat([record(udp(7, Buffer.from('hello'))), record(udp(9, Buffer.from('nobody'))), wait(12)]),
  ];
}

export function netMessages(): Buffer[] {
  const dns = Buffer.concat([
    Buffer.from('\x00\x12\x34\x81\x80\0\x01\0\x02\0\0\0\0\x07example\x03net\0\0\x01\0\x01', 'latin1'),
    Buffer.from('\xc0\x0c\0\x05\0\x01\0\0\0\x3c\0\x04\x01x\xc0\x14', 'latin1'),
    Buffer.from('\x01x\xc0\x14\0\x01\0\x01\0\0\0\x3c\0\x04\x01\x02\x03\x04', 'latin1'),
  ]);
  const dhcp = Buffer.alloc(1 + 240);
  dhcp.set([1, 2, 1, 6, 0, 0x12, 0x34, 0x56, 0x78]);
  dhcp.set([10, 0, 0, 9], 17);
  dhcp.set(OURS, 29);
  dhcp.set([0x63, 0x82, 0x53, 0x63], 237);
  const options = [
    53, 1, 5, 54, 4, 10, 0, 0, 2, 1, 4, 255, 255, 255, 0, 3, 4, 10, 0, 0, 2, 51, 4, 0, 0, 1, 0, 255,
  ];
  return [
    dns,
    Buffer.concat([dhcp, Buffer.from(options)]),
    Buffer.from('\x02GET /a%20b?c HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc'),
    Buffer.from('\x03HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: text/html\r\n\r\n'),
    Buffer.from('\x043;a=b\r\nabc\r\n10\r\n0123456789abcdef\r\n0\r\nA: b\r\n\r\n'),
    Buffer.from('\x05http://a.b:80/c/../d%2e?e#f'),
    Buffer.from('\x05/a/%2e%2e/b'),
    Buffer.from('\x06Www.Example.Net.'),
    Buffer.from('\x0610.0.2.15'),
  ];
}
