import type { Usage } from '../protocol/usage.ts';
import { DeadlineError } from './deadlines.ts';
import { ModelError } from './client.ts';
import type { ModelErrorKind } from './client.ts';
import { retryAfterMs } from './retry-after.ts';

/** Why one attempt at a call failed, before it is decided whether there is another one. */
export class AttemptFailure extends Error {
  readonly kind: ModelErrorKind;
  readonly retryable: boolean;
  readonly status: number | undefined;
  /** What the provider asks to wait. */
  readonly retryAfterMs: number | undefined;
  /** What the user can do, where the kind of failure does not say it. */
  readonly remedy: string | undefined;
  /** What the attempt has cost although it failed. */
  usage: Usage | undefined;

  constructor(
    kind: ModelErrorKind,
    message: string,
    options: {
      retryable: boolean;
      status?: number | undefined;
      retryAfterMs?: number | undefined;
      remedy?: string;
    },
  ) {
    super(message);
    this.name = 'AttemptFailure';
    this.kind = kind;
    this.retryable = options.retryable;
    this.status = options.status;
    this.retryAfterMs = options.retryAfterMs;
    this.remedy = options.remedy;
  }
}

/** A stream that ended before the answer did. */
export function cutStream(): AttemptFailure {
  return new AttemptFailure('connection', 'the stream ended before the answer did', { retryable: true });
}

/** What both SDKs' errors look like; a stream's error event has no status. */
interface ApiErrorLike {
  status?: number;
  headers?: Headers;
  message: string;
  error?: unknown;
  type?: string | null;
}

/** What an attempt threw, as a failure; null when it is none of the provider's but a defect of ours. */
export function classify(error: unknown): AttemptFailure | null {
  if (error instanceof AttemptFailure) return error;
  if (error instanceof DeadlineError)
    return new AttemptFailure('timeout', error.message, { retryable: true });
  const code = errorCode(error);
  if (code !== undefined && !(error as ApiErrorLike).status) return connectionFailure(code, error);
  // A line of the stream that is not JSON.
  if (error instanceof SyntaxError) return cutStream();
  if (isApiError(error)) return apiFailure(error);
  return null;
}

function apiFailure(error: ApiErrorLike): AttemptFailure {
  const { status } = error;
  const message = apiMessage(error);
  if (status === undefined) {
    const type = error.type ?? nestedString(error.error, 'type') ?? '';
    if (type === '' && /connection/i.test(error.message)) {
      return new AttemptFailure('connection', message, { retryable: true });
    }
    const refused = /invalid_request|authentication|permission|not_found|billing/.test(type);
    return new AttemptFailure(refused ? 'bad_request' : 'overloaded', message, { retryable: !refused });
  }
  const options = { status, retryAfterMs: retryAfterMs(error.headers, Date.now()) };
  if (status === 401 || status === 403)
    return new AttemptFailure('auth', message, { ...options, retryable: false });
  if (OUT_OF_CREDIT.test(message) || status === 402) {
    return new AttemptFailure('auth', message, { ...options, retryable: false });
  }
  if (status === 408 || status === 429 || status >= 500) {
    return new AttemptFailure('overloaded', message, { ...options, retryable: true });
  }
  return new AttemptFailure('bad_request', message, { ...options, retryable: false });
}

/** Sent as 400 or 429 by some providers, where waiting does not help. */
const OUT_OF_CREDIT = /insufficient_quota|exceeded your current quota|credit balance is too low/i;

/** Certificates do not get better by waiting. */
const CERTIFICATE = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ERR_TLS/;

function connectionFailure(code: string, error: unknown): AttemptFailure {
  const root = rootCause(error);
  const address = typeof root.address === 'string' ? ` ${root.address}:${root.port ?? ''}` : '';
  const host = typeof root.hostname === 'string' ? ` ${root.hostname}` : '';
  return new AttemptFailure('connection', `${code}${address || host}`, {
    retryable: !CERTIFICATE.test(code),
  });
}

type SystemError = NodeJS.ErrnoException & { address?: string; port?: number; hostname?: string };

/** The error at the bottom; with several addresses tried, the first one's. */
function rootCause(error: unknown): SystemError {
  let inner = error;
  while (inner instanceof Error) {
    const deeper: unknown = inner instanceof AggregateError ? inner.errors[0] : inner.cause;
    if (!(deeper instanceof Error)) break;
    inner = deeper;
  }
  return inner as SystemError;
}

function errorCode(error: unknown): string | undefined {
  const code = error instanceof Error ? rootCause(error).code : undefined;
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]+$/.test(code) ? code : undefined;
}

function isApiError(error: unknown): error is ApiErrorLike {
  return error instanceof Error && 'status' in error && 'headers' in error;
}

/** The provider's own words, from the body where there are some. */
function apiMessage(error: ApiErrorLike): string {
  const body = error.error;
  const inner = typeof body === 'object' && body !== null && 'error' in body ? body.error : body;
  const text = nestedString(inner, 'message') ?? (typeof inner === 'string' ? inner : undefined);
  const code = nestedString(inner, 'code') ?? nestedString(inner, 'type');
  const words = text ?? error.message;
  return code && !words.includes(code) ? `${words} (${code})` : words;
}

function nestedString(value: unknown, key: string): string | undefined {
  const inner =
    typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;
  if (typeof inner === 'string' && inner !== '') return inner;
  return key === 'type' && typeof value === 'object' && value !== null && 'error' in value
    ? nestedString(value.error, key)
    : undefined;
}

/** What the messages to the user are written with. */
export interface FailureContext {
  /** "anthropic/claude-x" */
  name: string;
  title: string;
  /** The variable that holds the provider's key. */
  keyVariable: string | undefined;
  keyName: string | undefined;
  baseUrl: string;
  local: boolean;
}

/** The failure as the caller sees it, after `attempts` attempts. */
export function toModelError(
  failure: AttemptFailure,
  attempts: number,
  context: FailureContext,
  redact: (text: string) => string,
): ModelError {
  const status = failure.status === undefined ? '' : ` ${failure.status}`;
  const times = attempts > 1 ? ` after ${attempts} attempts` : '';
  const what = status === '' ? WHAT[failure.kind].replace(/,$/, '') : WHAT[failure.kind];
  const message = `${context.name}: ${what}${status}${times}: ${failure.message}`;
  return new ModelError(
    failure.kind,
    redact(message.length > 2000 ? `${message.slice(0, 2000)} ...` : message),
    failure.remedy ?? remedy(failure, context),
    failure.status === undefined ? {} : { status: failure.status },
  );
}

const WHAT: Record<ModelErrorKind, string> = {
  auth: 'access was refused,',
  bad_request: 'the request was refused,',
  overloaded: 'no answer, the provider is overloaded or failing,',
  connection: 'the connection failed',
  timeout: 'the call timed out',
  not_covered: 'the playbook does not cover this',
};

function remedy(failure: AttemptFailure, context: FailureContext): string {
  const { title, keyName, keyVariable, baseUrl, name } = context;
  switch (failure.kind) {
    case 'auth':
      if (failure.status === 402 || OUT_OF_CREDIT.test(failure.message)) {
        return `The account at ${title} has no credit left: top it up, or choose another model by llm.model.`;
      }
      if (failure.status === 403) {
        return `The key for ${title} may not use this model: allow it in your account there, or choose another one by llm.model.`;
      }
      return keyVariable
        ? `Check the key: set ${keyVariable}, or llm.api_keys.${keyName ?? ''} in auton.toml.`
        : `${baseUrl} asks for a key that ${title} normally does not need: check llm.endpoints.`;
    case 'bad_request':
      if (failure.status === 404) {
        return context.local
          ? `Check that the server at ${baseUrl} has this model (for Ollama: \`ollama pull ${modelOf(name)}\`).`
          : `Check the model's name in llm.model or agents.models, and llm.endpoints if you set it.`;
      }
      if (
        failure.status === 413 ||
        /too long|context.{0,10}(length|window)|too many tokens/i.test(failure.message)
      ) {
        return 'The conversation is too long for this model: choose one with a larger context window by llm.model.';
      }
      return "Repeating it cannot help. Check llm.model and llm.max_tokens; the words after the colon are the provider's.";
    case 'overloaded':
      return failure.status === 429
        ? `Wait, lower agents.developer_count, or ask ${title} for a higher rate limit; then resume the run.`
        : `Wait and resume the run, or choose another model by llm.model.`;
    case 'connection':
      return context.local
        ? `Check that the server is running at ${baseUrl} (llm.endpoints).`
        : `Check your connection, your proxy, and llm.endpoints if you set it (now ${baseUrl}); then resume the run.`;
    case 'timeout':
      return 'Resume the run later, or raise the limits in [llm.timeouts].';
    case 'not_covered':
      return '';
  }
}

function modelOf(name: string): string {
  return name.slice(name.indexOf('/') + 1);
}
