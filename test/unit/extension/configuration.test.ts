import assert from 'node:assert/strict';
import { fixOf, type ReportedProblem } from '../../../src/extension/configuration/problem-fix.ts';
import { environmentOf, installAll, type Check } from '../../../src/extension/environment/checks.ts';

describe('fixOf', () => {
  const problem = (key: string, message: string, remedy: string): ReportedProblem => ({
    severity: 'error',
    ...{ key, message, remedy },
  });

  it('corrects a misspelt key in its place', () => {
    assert.equal(
      fixOf(problem('llm.modle', 'unknown key "llm.modle".', 'Did you mean "llm.model"?')),
      'model',
    );
  });

  it('corrects a misspelt section', () => {
    assert.equal(fixOf(problem('kernl', 'unknown key "kernl".', 'Did you mean "kernel"?')), 'kernel');
  });

  it('corrects a value', () => {
    const wrong = problem('llm.model', '"opnai/x" is not a model\'s name.', 'Did you mean "openai/x"?');
    assert.equal(fixOf(wrong), '"openai/x"');
  });

  it('leaves alone what belongs to another section, and what has no such remedy', () => {
    const elsewhere = problem(
      'llm.max_cost_usd',
      'unknown key "llm.max_cost_usd".',
      'Did you mean "llm.cost.max_cost_usd"?',
    );
    assert.equal(fixOf(elsewhere), null);
    assert.equal(fixOf(problem('llm.retries', 'expected a number.', '')), null);
  });
});

describe('environment', () => {
  const ok = (name: string): Check => ({ name, ok: true, detail: '1.0' });
  const missing = (name: string, install?: string): Check => ({
    ...{ name, ok: false, detail: 'missing' },
    ...(install === undefined ? {} : { install }),
  });

  it('is ready when everything is there, whatever the configuration says', () => {
    assert.equal(environmentOf([ok('git'), ok('make')]), 'ready');
    assert.equal(environmentOf([ok('git'), missing('configuration')]), 'ready');
  });

  it('tells git from other tools', () => {
    assert.equal(environmentOf([missing('git'), missing('make')]), 'noGit');
    assert.equal(environmentOf([ok('git'), missing('nasm')]), 'noTools');
    assert.equal(environmentOf([ok('git'), missing('sandbox')]), 'noTools');
  });

  it('installs what is missing with one command line, each once', () => {
    const checks = [
      ok('make'),
      missing('a', 'get x'),
      missing('b', 'get x'),
      missing('c', 'get y'),
      missing('d'),
    ];
    assert.equal(installAll(checks), 'get x && get y');
    assert.equal(installAll([ok('make'), missing('d')]), null);
  });
});
