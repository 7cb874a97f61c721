import { relative } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { Command } from 'commander';
import { KernelChat } from '../../kernel/interactive.ts';
import { EXIT } from '../../protocol/errors.ts';
import { given } from '../../protocol/given.ts';
import type { Architecture } from '../../protocol/roles.ts';
import { printJson, type Cli } from '../cli.ts';
import { bootOnTerminal, type BootChoice } from '../kernel-terminal.ts';
import {
  bootOptions,
  builtKernel,
  buildKernel,
  findKernel,
  kernelSetting,
  mergedKernel,
  type KernelSetting,
} from '../kernel-source.ts';
import { renderEvidence } from '../live/evidence-view.ts';
import { LogLines } from '../live/log-lines.ts';
import { nameFrom, placesFrom } from '../live/places.ts';
import {
  archOption,
  configOption,
  jsonOption,
  logOption,
  portNumber,
  positive,
  workspaceOf,
} from '../options.ts';
import { interruptible } from '../signals.ts';
import { bytes, duration } from '../../protocol/units.ts';
import { printable } from '../../protocol/printable.ts';

interface Options extends BootChoice {
  arch?: Architecture;
  config?: string;
  image?: string;
  build?: boolean;
  source?: string;
  log?: boolean;
  json?: boolean;
}

export function kernelCommand(cli: Cli): Command {
  const kernel = new Command('kernel').description('build a kernel, boot it, talk to it');
  const settingOf = (options: Options, command: Command): KernelSetting => {
    const { arch, config, source } = options;
    return kernelSetting(cli, workspaceOf(cli, command), given({ arch, config, source }));
  };
  const bootable = (command: Command) =>
    command
      .option('--image <file>', 'this kernel [what the newest run merged, else one built now]')
      .option('--build', 'build it anew from its source')
      .option('--append <words>', "the kernel's command line");

  common(kernel.command('build'))
    .description('build in the sandbox, every warning an error')
    .addOption(logOption('show what make and the compilers say, as they say it'))
    .action(async (options: Options, command: Command) => {
      const setting = settingOf(options, command);
      const places = placesFrom(setting.source, cli.cwd);
      const log = options.log ? new LogLines(cli, places) : undefined;
      const { evidence, kernel: file } = await interruptible((signal) =>
        buildKernel(cli, setting, { signal, onOutput: log?.add }),
      );
      log?.end();
      // What the log has shown is not repeated.
      const shown = options.log ? { ...evidence, findings: [], tail: undefined } : evidence;
      cli.print(...renderEvidence(shown, cli, places));
      const size = evidence.files.find(({ role }) => role === 'kernel')?.bytes ?? 0;
      if (file !== null) cli.print(`  ${nameFrom(cli.cwd, file)}, ${bytes(size)}`);
      cli.exitCode = file === null ? EXIT.failed : EXIT.done;
    });

  common(kernel.command('which'))
    .description('say which kernel a boot takes: what the newest run merged, or none before it is built')
    .addOption(jsonOption('print JSON'))
    .action(async (options: Options, command: Command) => {
      const setting = settingOf(options, command);
      const { architecture, source } = setting;
      const merged = await mergedKernel(cli, setting);
      if (options.json)
        return printJson(cli, { architecture, source, kernel: merged, built: builtKernel(setting) });
      cli.print(merged ?? `None is built yet; its source is ${source}.`);
    });

  bootable(common(kernel.command('boot')))
    .description('boot in QEMU with the serial console on this terminal')
    .option('--iso', 'from a CD image by GRUB instead of QEMU -kernel')
    .option('--memory <mb>', 'memory of the machine [what the architecture needs]', positive('megabytes'))
    .option('--gdb <port>', 'let a debugger attach on this port of the loopback', portNumber)
    .option('--halt', 'wait for the debugger before the first instruction')
    .option('--control <socket>', 'let programs control QEMU by this Unix socket (QMP)')
    .action(async (options: Options, command: Command) => {
      const setting = settingOf(options, command);
      cli.exitCode = await interruptible(async (signal) => {
        const image = await findKernel(cli, setting, { ...imageOf(options), signal });
        return bootOnTerminal(cli, { setting, image, choice: options, signal });
      });
    });

  bootable(common(kernel.command('chat')))
    .description('boot and ask it: one question, or line by line without one')
    .argument('[question...]')
    .addOption(jsonOption('print its boot log, and its answer to the question, as JSON'))
    .action(async (question: string[], options: Options, command: Command) => {
      const setting = settingOf(options, command);
      const image = await findKernel(cli, setting, imageOf(options));
      const machine = { ...(await bootOptions(cli, setting, image)), ...cmdlineOf(options) };
      const chat = await KernelChat.start(machine);
      try {
        const answer = question.length > 0 ? await chat.ask(question.join(' ')) : null;
        if (options.json) printJson(cli, { log: chat.greeting, answer });
        else if (answer !== null) cli.print(printable(answer));
        else await converse(cli, chat, relative(cli.cwd, image));
      } finally {
        await chat.stop();
      }
    });
  return kernel;
}

function common(command: Command): Command {
  return command
    .option('--source <folder>', "the kernel's own folder [workspace.path, else the reference kernel]")
    .addOption(archOption())
    .addOption(configOption());
}

const imageOf = ({ image, build }: Options) => given({ image, build });

const cmdlineOf = ({ append }: Options) => (append === undefined ? {} : { cmdline: append });

/** Questions from a person, or lines from a pipe, until the input ends. */
async function converse(cli: Cli, chat: KernelChat, image: string): Promise<void> {
  const interactive = cli.stdin.isTTY === true;
  if (interactive) {
    const took = duration(performance.now() - chat.session.startedAt);
    cli.print(cli.style.dim(`${image} booted in ${took}. Ask it something; Ctrl-D ends.`));
  }
  const output = interactive ? (cli.stdout as NodeJS.WriteStream) : undefined;
  const lines = createInterface({ input: cli.stdin, ...(output ? { output } : {}) });
  lines.setPrompt(cli.style.cyan('auton> '));
  // A pipe's lines are read to the end, and with its end the reader takes no more prompts.
  const prompt = () => {
    if (interactive) lines.prompt(true); // what was typed meanwhile stays before the cursor
  };
  prompt();
  lines.on('SIGINT', () => lines.close());
  try {
    for await (const line of lines) {
      if (line.trim() !== '') {
        const answer = await chat.ask(line).catch((error: unknown) => {
          if (chat.session.running) throw error;
          return null; // it was told to reboot or to switch itself off
        });
        cli.print(answer === null ? cli.style.dim('The machine is off.') : printable(answer));
      }
      if (!chat.session.running) return;
      prompt();
    }
    if (interactive) cli.print('');
  } finally {
    lines.close();
    cli.stdin.pause(); // else a terminal keeps the process waiting for another line
  }
}
