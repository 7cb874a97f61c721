import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { PROFILES } from '../../src/kernel/architectures.ts';
import { KernelChat } from '../../src/kernel/interactive.ts';
import { QemuSession } from '../../src/kernel/qemu.ts';
import { median, spread, type Figure } from './figures.ts';

const BOOTS = 15;
const IDLE_SECONDS = 5;
/** Clock ticks a second in /proc/<pid>/stat; 100 on every Linux that Debian ships. */
const TICKS = 100;
const QUESTIONS = ['what hardware do I have', 'which driver does 8086:100e need', 'how much memory is free'];

/** The reference kernel under TCG: how fast it boots, idles and answers. */
export async function kernelFigures(kernel: string): Promise<Figure[]> {
  const options = { profile: PROFILES.x86_64, image: kernel, boot: 'kernel', accel: 'tcg' } as const;
  const boots: number[] = [];
  for (let i = 0; i < BOOTS; i++) {
    const session = new QemuSession(options);
    await session.waitFor(/(?:^|\n)auton> $/, 20_000);
    boots.push(performance.now() - session.startedAt);
    await session.stop();
  }
  const chat = await KernelChat.start(options);
  try {
    const answers: number[] = [];
    for (const question of QUESTIONS) answers.push(...(await answerTimes(chat, question)));
    const idle = await idlePercent(chat.session);
    return [
      {
        name: 'QEMU start to `auton> ` (`-kernel`, TCG)',
        value: median(boots) / 1000,
        unit: 's',
        target: { atMost: 0.4 },
        note: `${BOOTS} boots, ${spread(boots, 'ms')}`,
      },
      {
        name: 'Idle kernel',
        value: idle,
        unit: '% of a core',
        target: { atMost: 5 },
        note: `CPU time of QEMU over ${IDLE_SECONDS} s at the prompt`,
      },
      {
        name: 'A question answered in the kernel',
        value: median(answers) / 1000,
        unit: 'ms',
        target: { atMost: 1 },
        note: `${answers.length} answers, ${spread(answers, 'us')}, by the kernel's own clock`,
      },
    ];
  } finally {
    await chat.stop();
  }
}

/** Microseconds that the kernel says it took for a question, five times. */
async function answerTimes(chat: KernelChat, question: string): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; i < 5; i++) {
    const reply = await chat.ask(`slm time "${question}"`);
    const microseconds = /answered in (\d+) us/.exec(reply)?.[1];
    if (!microseconds) throw new Error(`\`slm time\` did not say how long it took: ${reply}`);
    times.push(Number(microseconds));
  }
  return times;
}

async function idlePercent(session: QemuSession): Promise<number> {
  const pid = session.pid;
  const before = cpuTicks(pid);
  await sleep(IDLE_SECONDS * 1000);
  return ((cpuTicks(pid) - before) / TICKS / IDLE_SECONDS) * 100;
}

function cpuTicks(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(fields[11]) + Number(fields[12]);
}
