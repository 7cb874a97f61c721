import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { Command } from 'commander';
import { makeIso } from '../../kernel/image.ts';
import { bootInteractive, KernelChat } from '../../kernel/interactive.ts';
import { EXIT, UserError } from '../../protocol/errors.ts';
import { given } from '../../protocol/given.ts';
import type { Architecture } from '../../protocol/roles.ts';
import type { Cli } from '../cli.ts';
import { bootOptions, buildKernel, findKernel, kernelSetting, type KernelSetting } from '../kernel-source.ts';
import { renderEvidence } from '../live/evidence-view.ts';
import { archOption, configOption, workspaceOf } from '../options.ts';
import { bytes, duration } from '../terminal/units.ts';
import { printable } from '../terminal/text.ts';

interface Options {
  arch?: Architecture;
  config?: string;
  image?: string;
  build?: boolean;
  source?: string;
  append?: string;
  iso?: boolean;
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
    .action(async (options: Options, command: Command) => {
      const { evidence, kernel: file } = await buildKernel(cli, settingOf(options, command));
      cli.print(...renderEvidence(evidence, cli));
      const size = evidence.files.find(({ role }) => role === 'kernel')?.bytes ?? 0;
      if (file !== null) cli.print(`  ${relative(cli.cwd, file)}, ${bytes(size)}`);
      cli.exitCode = file === null ? EXIT.failed : EXIT.done;
    });

  bootable(common(kernel.command('boot')))
    .description('boot in QEMU with the serial console on this terminal')
    .option('--iso', 'from a CD image by GRUB instead of QEMU -kernel')
    .action(async (options: Options, command: Command) => {
      const setting = settingOf(options, command);
      cli.exitCode = await boot(cli, setting, await findKernel(cli, setting, options), options);
    });

  bootable(common(kernel.command('chat')))
    .description('boot and ask it: one question, or line by line without one')
    .argument('[question...]')
    .action(async (question: string[], options: Options, command: Command) => {
      const setting = settingOf(options, command);
      const image = await findKernel(cli, setting, options);
      const machine = { ...(await bootOptions(cli, setting, image)), ...cmdlineOf(options) };
      const chat = await KernelChat.start(machine);
      try {
        if (question.length > 0) cli.print(printable(await chat.ask(question.join(' '))));
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

const cmdlineOf = ({ append }: Options) => (append === undefined ? {} : { cmdline: append });

async function boot(cli: Cli, setting: KernelSetting, image: string, options: Options): Promise<number> {
  const machine = await bootOptions(cli, setting, image);
  if (options.iso && !machine.profile.boots.includes('iso')) {
    throw new UserError(`There is no CD boot for ${setting.architecture}.`, 'Leave --iso out.', {
      exitCode: EXIT.usage,
    });
  }
  const folder = mkdtempSync(join(tmpdir(), 'auton-boot-'));
  try {
    if (options.iso) {
      const iso = join(folder, 'kernel.iso');
      await makeIso({ kernel: image, iso, cmdline: options.append ?? '', env: cli.env });
      Object.assign(machine, { image: iso, boot: 'iso' });
    } else {
      Object.assign(machine, cmdlineOf(options));
    }
    cli.stderr.write(cli.style.dim(`${relative(cli.cwd, image)} in QEMU; Ctrl-] leaves it.\n`));
    const exit = await bootInteractive(machine, {
      input: cli.stdin,
      output: cli.stdout as NodeJS.WriteStream,
    });
    if (cli.stdout.isTTY) cli.print(''); // the prompt of the shell does not belong behind the kernel's
    if (exit.stderr !== '') cli.stderr.write(`${exit.stderr}\n`);
    const { passed } = machine.profile.exit;
    return exit.end === 'stopped' || exit.code === 0 || exit.code === passed ? EXIT.done : EXIT.failed;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

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
    if (interactive) lines.prompt();
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
