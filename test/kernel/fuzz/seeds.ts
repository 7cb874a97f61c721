/** Inputs to begin with: whole and sensible, so that what the fuzzer makes of them is nearly so. */

const MAGIC = 0xd00dfeed;
const HEADER_BYTES = 40;
const [BEGIN_NODE, END_NODE, PROPERTY, END] = [1, 2, 3, 9];

type Value = string | string[] | number[];
/** A node of a device tree: properties are cells or strings, children are nodes. */
interface Node {
  [name: string]: Value | Node;
}

const cells = (...values: number[]) => {
  const bytes = Buffer.alloc(4 * values.length);
  values.forEach((value, i) => bytes.writeUInt32BE(value >>> 0, 4 * i));
  return bytes;
};
const padded = (bytes: Buffer) => Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)]);
const text = (...strings: string[]) => Buffer.from(strings.map((s) => `${s}\0`).join(''));

/** A flattened device tree, with one memory reservation; `cut` bytes are missing at the end of its last block. */
function flattened(root: Node, cut = 0): Buffer {
  let strings = '';
  const offsetOf = (name: string) => {
    const known = strings.indexOf(`${name}\0`);
    if (known >= 0) return known;
    strings += `${name}\0`;
    return strings.length - name.length - 1;
  };
  const bytesOf = (value: Value) =>
    typeof value === 'string'
      ? text(value)
      : typeof value[0] === 'string'
        ? text(...(value as string[]))
        : cells(...(value as number[]));
  const nodeOf = (name: string, node: Node): Buffer => {
    const entries = Object.entries(node);
    const isNode = (value: Value | Node): value is Node => typeof value === 'object' && !Array.isArray(value);
    const properties = entries.flatMap(([key, value]) => {
      if (isNode(value)) return [];
      const bytes = bytesOf(value);
      return [cells(PROPERTY, bytes.length, offsetOf(key)), padded(bytes)];
    });
    const children = entries.flatMap(([key, value]) => (isNode(value) ? [nodeOf(key, value)] : []));
    return Buffer.concat([
      cells(BEGIN_NODE),
      padded(text(name)),
      ...properties,
      ...children,
      cells(END_NODE),
    ]);
  };
  const reservations = cells(0, 0x80000000, 0, 0x1000, 0, 0, 0, 0);
  const structure = Buffer.concat([nodeOf('', root), cells(END)]);
  const structureAt = HEADER_BYTES + reservations.length;
  const stringsAt = structureAt + structure.length;
  strings = strings.slice(0, strings.length - cut);
  const total = stringsAt + strings.length;
  const header = cells(
    MAGIC,
    total,
    structureAt,
    stringsAt,
    HEADER_BYTES,
    17,
    16,
    0,
    strings.length,
    structure.length,
  );
  return Buffer.concat([header, reservations, structure, Buffer.from(strings)]);
}

/** A machine with memory, a console and a PCI host bridge whose interrupts are routed. */
export function deviceTrees(): Buffer[] {
  const bus = { '#address-cells': [2], '#size-cells': [2] };
  const machine = flattened({
    ...bus,
    'interrupt-parent': [1],
    aliases: { serial0: '/soc/serial@1000' },
    chosen: {
      bootargs: 'test=all',
      'stdout-path': 'serial0:115200',
      'linux,initrd-start': [0, 0x1000],
      'linux,initrd-end': [0, 0x2000],
    },
    'memory@80000000': { device_type: 'memory', reg: [0, 0x80000000, 0, 0x8000000] },
    'reserved-memory': { ...bus, ranges: [], 'firmware@80000000': { reg: [0, 0x80000000, 0, 0x80000] } },
    soc: {
      '#address-cells': [1],
      '#size-cells': [1],
      ranges: [0, 0, 0x10000000, 0x10000],
      'intc@0': {
        phandle: [1],
        '#interrupt-cells': [1],
        '#address-cells': [0],
        'interrupt-controller': [],
        reg: [0, 0x1000],
      },
      'serial@1000': {
        compatible: ['ns16550a', 'ns16550'],
        reg: [0x1000, 0x100],
        interrupts: [10],
        status: 'okay',
      },
    },
    'pci@30000000': {
      compatible: 'pci-host-ecam-generic',
      reg: [0, 0x30000000, 0, 0x10000000],
      'bus-range': [0, 255],
      '#address-cells': [3],
      '#size-cells': [2],
      '#interrupt-cells': [1],
      ranges: [
        0x01000000, 0, 0, 0, 0x3000000, 0, 0x10000, 0x02000000, 0, 0x40000000, 0, 0x40000000, 0, 0x40000000,
      ],
      'interrupt-map-mask': [0x1800, 0, 0, 7],
      'interrupt-map': [0, 0, 0, 1, 1, 0x20, 0x800, 0, 0, 1, 1, 0x21],
    },
  });
  const nested = (depth: number): Node => (depth > 1 ? { n: nested(depth - 1) } : {});
  const endless = flattened({ a: [1], b: [2] }, 1); // a name without an end
  return [machine, flattened({}), endless, flattened(nested(16)), flattened(nested(18))];
}

/** First byte: which reader. Lengths and checksums are the target's business. */
export function acpiTables(): Buffer[] {
  const table = (signature: string, body: Buffer) =>
    Buffer.concat([Buffer.from([1]), Buffer.from(signature), Buffer.alloc(32), body]);
  const madt = Buffer.from(
    '0000e0fe00000000' + '0008000001000000' + '010c00000000c0fe00000000' + '050c00000000e0fe00000000',
    'hex',
  );
  const mcfg = Buffer.from('0000000000000000' + '00000000e0000000' + '0000' + '00ff' + '00000000', 'hex');
  const package5 = Buffer.from([
    0x08,
    ...Buffer.from('_S5_'),
    0x12,
    0x06,
    0x04,
    0x0a,
    0x05,
    0x01,
    0x00,
    0x00,
  ]);
  return [
    Buffer.concat([
      Buffer.from([0]),
      Buffer.alloc(15),
      Buffer.from([2, 0, 0, 0x10, 0, 36, 0, 0, 0]),
      Buffer.alloc(12, 1),
    ]),
    table('APIC', madt),
    table('MCFG', mcfg),
    table('FACP', Buffer.alloc(232, 0x11)),
    Buffer.concat([Buffer.from([2]), package5]),
  ];
}

export function commandLines(): Buffer[] {
  // The last: a key of two words is none, whatever the line says.
  return ['test\0test=all exit', 'log\0 quiet  log=0x1F log ', 'slm\0', 'a b\0a b=1 c'].map((line) =>
    Buffer.from(line),
  );
}

/** A bridge with a card behind it: each is its place, 64 bytes of configuration space, and what can be written of it. */
export function pciFunctions(): Buffer[] {
  const fn = (bus: number, devfn: number, header: number, classCode: number) => {
    const record = Buffer.alloc(2 + 128);
    const [space, writable] = [2, 66];
    record.set([bus, devfn]);
    record.set([0x86, 0x80, 0x0e, 0x10, 0, 0, 0, 0, 0, 0, 0, classCode], space);
    record[space + 14] = header;
    record.set([4, 0, 0, 0], space + 16); // a BAR of memory with 64 bits,
    record.set([0, 0, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff], writable + 16); // of 128 KB
    record[space + 24] = header === 1 ? 0 : 1; // a bridge's bus numbers, or a BAR of ports
    record.fill(0xff, writable + 4, writable + 6);
    record.fill(0xff, writable + 24, writable + 64);
    return record;
  };
  return [Buffer.concat([fn(0, 0, 0, 6), fn(0, 8, 1, 6), fn(1, 0, 0x80, 2), fn(1, 1, 0, 2)]), fn(0, 0, 0, 2)];
}
