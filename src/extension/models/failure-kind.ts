import type { EditorModelFailure } from '../../protocol/editor-models.ts';

/** Codes of the editor's own, with what they mean to a run. "Blocked" is also said when a quota is used up. */
const BY_CODE: Record<string, EditorModelFailure> = {
  NoPermissions: 'no_permission',
  NotFound: 'not_found',
  Blocked: 'refused',
};

const QUOTA = /quota|rate.?limit|too many requests|\b429\b|overloaded|exhausted/i;
const TOO_LONG = /too long|too many tokens|context.{0,10}(length|window)|max.{0,10}tokens|token limit/i;

/** Why a language model of the editor failed, from the code and the words of its error. */
export function failureKind(code: string, said: string): EditorModelFailure {
  const known = BY_CODE[code];
  if (known !== undefined && known !== 'refused') return known;
  if (QUOTA.test(said)) return 'overloaded';
  return known ?? (TOO_LONG.test(said) ? 'refused' : 'failed');
}
