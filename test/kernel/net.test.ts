import assert from 'node:assert/strict';
import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer, get } from 'node:http';
import type { Server } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { PROFILES } from '../../src/kernel/architectures.ts';
import { findProgram } from '../../src/kernel/toolchain.ts';
import type { Architecture } from '../../src/protocol/roles.ts';
import { buildReference } from './build.ts';
import { NetMachine } from './net/machine.ts';

const HERE = resolve(import.meta.dirname, 'net');
const KERNEL = resolve(import.meta.dirname, '../../kernels/reference');

/** What needs threads, the console or cards of the kernel; all the rest of net/ is built for the host, too. */
const KERNEL_ONLY =
  /^(network|socket|query|http_.*|commands|ip_command|configure|settings.*|slm_.*|tests_.*)\.c$/;

function buildSimulation(folder: string): string {
  const program = join(folder, 'simulate');
  const sources = readdirSync(join(KERNEL, 'net')).filter(
    (name) => name.endsWith('.c') && !KERNEL_ONLY.test(name),
  );
  execFileSync(
    'gcc',
    [
      ...['-std=gnu11', '-O1', '-g', '-Wall', '-Wextra', '-Werror', '-fno-builtin'],
      ...['-fsanitize=address,undefined', '-fno-sanitize-recover=all', '-o', program],
      ...['-Iinclude', '-Iarch/x86_64/include', '-Inet', `-I${HERE}`],
      ...['host.c', 'link.c', 'simulate.c'].map((name) => join(HERE, name)),
      ...sources.map((name) => `net/${name}`),
    ],
    { cwd: KERNEL },
  );
  return program;
}

describe('two network stacks of the reference kernel and a link between them', () => {
  let folder: string;
  let program: string;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'auton-net-'));
    program = buildSimulation(folder);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const simulate = (test: string, seed = 1) => {
    const run = spawnSync(program, [test, `${seed}`], { timeout: 250_000, encoding: 'utf8' });
    assert.equal(run.status, 0, `seed ${seed}: ${run.stdout}${run.stderr}`);
  };

  it('carry a stream both ways without a loss', () => simulate('tcp_clean'));
  it('deliver every byte in order while 5 % of frames are lost, reordered, doubled and delayed', () => {
    for (const seed of [1, 2, 3, 4, 5]) simulate('tcp_bad', seed);
  });
  it('deliver every byte in order while it is 20 %', () => {
    for (const seed of [1, 2, 3]) simulate('tcp_worse', seed);
  });
  it('serve 200 connections at once on a bad link', () => {
    for (const seed of [1, 9, 10]) simulate('tcp_many', seed);
  });
  it('keep a connection whose reader rests, also when the word that it reads again is lost', () =>
    simulate('tcp_zero_window'));
  it('find out by keep-alive that the other side is gone', () => simulate('tcp_keepalive'));
  it('ask again for a connection after 1, 2, 4 ... seconds', () => simulate('tcp_syn_retries'));
  it('say why a connection does not come about', () => simulate('tcp_refused'));
  it('keep a connection that forged resets, SYNs, acknowledgements and ICMP want to end', () =>
    simulate('tcp_forged'));
  it('let a client in after a flood of forged SYNs', () => simulate('tcp_syn_flood'));
  it('take large datagrams apart and put them together', () => simulate('udp_large'));
  it('reassemble fragments in any order and give up those that overlap or lie', () => simulate('fragments'));
  it('answer an echo and say who does not', () => simulate('ping'));
  it('resolve names, remember them as long as they hold, and distrust forged answers', () => simulate('dns'));
  it('get an address, renew it, ask others for it, and lose it', () => simulate('dhcp'));
});

const run = promisify(execFile);
const CARDS: [Architecture, string][] = [
  ['x86_64', 'e1000'],
  ['x86_64', 'virtio-net-pci'],
  ['aarch64', 'virtio-net-pci'],
  ['riscv64', 'virtio-net-pci'],
];

for (const [architecture, card] of CARDS) {
  describe(`the network of the reference kernel on ${architecture} by ${card}`, () => {
    let folder: string;
    let machine: NetMachine;
    let server: Server;
    let base: string;

    before(async function () {
      const profile = PROFILES[architecture];
      if (!findProgram(profile.qemu, process.env) || !findProgram(profile.gcc, process.env)) {
        console.log(`    ${profile.qemu} or ${profile.gcc} is missing`);
        this.skip();
      }
      folder = mkdtempSync(join(tmpdir(), 'auton-net-'));
      server = createServer((request, response) => {
        if (request.url === '/moved') response.writeHead(302, { location: '/here' }).end();
        else if (request.url === '/large') response.end('0123456789'.repeat(100_000));
        else if (request.url === '/never') response.write('so far');
        else response.end(`you asked for ${request.url}`);
      }).listen(0, '127.0.0.1');
      await once(server, 'listening');
      base = `http://10.0.2.2:${(server.address() as AddressInfo).port}`;
      machine = await NetMachine.boot(architecture, await buildReference(architecture, folder), card);
      await machine.printed(/\[NET\] IP 10\.0\.2\.15/);
    });
    after(async () => {
      await machine?.stop();
      server?.closeAllConnections();
      server?.close();
      if (folder) rmSync(folder, { recursive: true, force: true });
    });

    it('has an address, a gateway and a name server from QEMU', async () => {
      assert.match(machine.text, /\[NET\] Stack initialized/);
      assert.match(machine.text, /\[NET\] DHCP: obtained 10\.0\.2\.15/);
      assert.match(
        await machine.ask('ip'),
        /IP 10\.0\.2\.15 +mask 255\.255\.255\.0 +gateway 10\.0\.2\.2 +DNS 10\.0\.2\.3/,
      );
    });

    it('reaches its gateway, and says who does not answer', async () => {
      assert.match(await machine.ask('ping 10.0.2.2'), /56 bytes from 10\.0\.2\.2: [\d.]+ ms/);
      assert.match(await machine.ask('ping 10.0.2.77'), /does not answer/);
    });

    it('asks QEMU for names', async () => {
      // Whatever this machine's resolver says: there is an answer, and one in time.
      assert.match(await machine.ask('nslookup auton.invalid'), /no such name|the name server has failed/);
      assert.match(await machine.ask('nslookup localhost'), /localhost has address 127\.0\.0\.1/);
    });

    it('fetches pages from this machine, where redirections lead, and no more of them than it shows', async () => {
      assert.match(await machine.ask(`http ${base}/x?y`), /you asked for \/x\?y\nHTTP 200, 18 bytes/);
      assert.match(await machine.ask(`http ${base}/moved`), /you asked for \/here/);
      assert.match(await machine.ask(`http ${base}/large`), /HTTP 200, 1000000 bytes/);
      assert.match(await machine.ask('http http://10.0.2.2:1/'), /nobody listens there/);
      assert.match(await machine.ask('http https://10.0.2.2/'), /no TLS/);
    });

    it('gives a fetch up when Ctrl-C is typed', async () => {
      const from = machine.text.length;
      machine.type(`http ${base}/never\n`);
      await machine.printed(/so far|never\r?\n/, from);
      machine.type('\x03');
      assert.match(await machine.printed(/auton> $/, from), /interrupted/);
    });

    it('serves curl, wget and a browser that keeps its connection, while the prompt is there', async () => {
      assert.match(await machine.ask('serve'), /HTTP server listens on port 80/);
      const url = `http://127.0.0.1:${machine.port}`;
      for (const [program, ...args] of [
        ['curl', '-sS', '--max-time', '20', `${url}/status`, `${url}/status`],
        ['wget', '-q', '-T', '20', '-O', '-', `${url}/status`],
      ] as const)
        if (findProgram(program, process.env)) {
          const { stdout } = await run(program, args);
          assert.match(stdout, /<h1>AUTON<\/h1>[^]*10\.0\.2\.15/);
        } else console.log(`    ${program} is missing`);
      const missing = await fetch(`${url}/no/such/page`);
      assert.equal(missing.status, 404);
      assert.match(await machine.ask('uptime'), /up 0:/);
    });

    it('serves the files below /srv/www', async () => {
      const url = `http://127.0.0.1:${machine.port}`;
      await machine.ask('mkdir -p /srv/www/sub');
      await machine.ask('write /srv/www/a.txt from a file');
      await machine.ask('write /srv/www/sub/index.html <p>a page</p>');
      const file = await fetch(`${url}/a.txt`);
      assert.deepEqual(
        [file.headers.get('content-type'), await file.text()],
        ['text/plain; charset=utf-8', 'from a file\n'],
      );
      assert.equal(await (await fetch(`${url}/sub/`)).text(), '<p>a page</p>\n');
      assert.equal((await fetch(`${url}/etc/motd`)).status, 404);
    });

    it('serves 8 of 8 clients at once', async () => {
      const url = `http://127.0.0.1:${machine.port}/status`;
      const pages = await Promise.all(
        Array.from({ length: 8 }, async () => {
          const answers = [];
          for (let i = 0; i < 10; i++) answers.push((await fetch(url)).status);
          return answers;
        }),
      );
      assert.deepEqual([...new Set(pages.flat())], [200]);
    });

    it('answers 1,000 requests, each on a connection of its own, without losing one', async () => {
      let answered = 0;
      const client = async () => {
        for (let i = 0; i < 125; i++) if ((await statusOnce(machine.port)) === 200) answered++;
      };
      await Promise.all(Array.from({ length: 8 }, client));
      assert.equal(answered, 1000);
    });

    it('answers 1,000 requests of ab', async function () {
      if (!findProgram('ab', process.env)) {
        console.log('    ab (apache2-utils) is missing');
        this.skip();
      }
      const url = `http://127.0.0.1:${machine.port}/status`;
      const { stdout } = await run('ab', ['-q', '-l', '-n', '1000', '-c', '8', '-s', '60', url]);
      assert.match(stdout, /Complete requests: +1000\n/);
      assert.match(stdout, /Failed requests: +0\n/);
      assert.doesNotMatch(stdout, /Non-2xx/);
    });

    it('refuses what is no HTTP and goes on', async () => {
      const replies = [
        'GARBAGE\r\n\r\n',
        'GET /../../etc HTTP/1.1\r\nHost: a\r\n\r\n',
        'POST / HTTP/1.1\r\nHost: a\r\n\r\n',
      ];
      const status = [];
      for (const request of replies) {
        const socket = connect(machine.port, '127.0.0.1');
        socket.end(request);
        let text = '';
        for await (const bytes of socket) text += String(bytes);
        status.push(text.slice(9, 12));
      }
      assert.deepEqual(status, ['400', '400', '405']);
      assert.match(await machine.ask('stop network'), /needed by http/);
      assert.match(await machine.ask('serve stop'), /HTTP server stopped/);
      assert.match(await machine.ask('netstat'), /^udp .*\*:68/m);
      await assert.rejects(fetch(`http://127.0.0.1:${machine.port}/status`));
    });

    it('starts and stops its server as a service, also when the SLM is asked to', async () => {
      assert.match(await machine.ask('services'), /^http +stopped/m);
      assert.match(await machine.ask('start the web server'), /1\. Start the service http/);
      assert.match(await machine.ask('go'), /The service http is started/);
      assert.equal((await fetch(`http://127.0.0.1:${machine.port}/status`)).status, 200);
      assert.match(await machine.ask('which services are running'), /^http: running/m);
      assert.match(await machine.ask('stop http'), /HTTP server stopped/);
    });

    it('gives its address up and gets one again', async () => {
      const from = machine.text.length;
      await machine.ask('stop network');
      assert.match(await machine.ask('ping 10.0.2.2'), /no way there/);
      await machine.ask('start network');
      await machine.printed(/DHCP: obtained 10\.0\.2\.15/, from);
    });

    it('passes its self-tests', async () => {
      assert.match(await machine.ask('test net'), /\d+ run, 0 failed/);
    });
  });
}

/** The status of one page, on a connection that is not used again. */
function statusOnce(port: number): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, path: '/status', agent: false }, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode));
      response.on('error', reject);
    }).on('error', reject);
  });
}
