import assert from 'node:assert/strict';
import { reportError } from '../../../src/cli/errors.ts';
import { cliOf } from '../../../src/cli/cli.ts';
import { UserError } from '../../../src/protocol/errors.ts';
import { MemoryStream } from './memory-stream.ts';

function reported(error: unknown): string {
  const stderr = new MemoryStream();
  reportError(error, { ...cliOf(process), self: 'node dist/auton.mjs', stderr });
  return stderr.text;
}

const system = (code: string, syscall: string) =>
  Object.assign(new Error(`${code}: ${syscall}`), { code, syscall, path: '/srv/os/.auton' });

describe('an error that reaches the user', () => {
  it('advises commands as they can be typed', () => {
    assert.match(
      reported(new UserError('It stopped.', 'See `auton status`.')),
      /`node dist\/auton\.mjs status`/,
    );
  });

  const troubles: [string, string, RegExp][] = [
    ['EROFS', 'open', /\/srv\/os\/\.auton cannot be used: the file system is read-only/],
    ['ENOENT', 'mkdir', /read-only/],
    ['EACCES', 'open', /permission is denied/],
    ['ENOSPC', 'write', /the disk is full[\s\S]*Free some space/],
  ];
  for (const [code, syscall, message] of troubles) {
    it(`is a trouble of the machine, not a defect, when ${syscall} says ${code}`, () => {
      assert.match(reported(system(code, syscall)), message);
      assert.doesNotMatch(reported(system(code, syscall)), /defect/);
    });
  }
});
