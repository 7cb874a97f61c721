import { randomUUID } from 'node:crypto';
import {
  CancellationTokenSource,
  ErrorCodes,
  ResponseError,
  type MessageConnection,
} from 'vscode-jsonrpc/node';
import { EditorUnavailable, type EditorModels } from '../models/editor.ts';
import {
  EditorModelError,
  type EditorModelAnswer,
  type EditorModelRequest,
} from '../protocol/editor-models.ts';
import { RPC_MODEL_ERROR } from '../protocol/rpc.ts';
import {
  editorModelAnswerSchema,
  editorModelDeltaSchema,
  editorModelErrorSchema,
} from '../protocol/schema/editor-models.ts';

interface Call {
  onText: (text: string) => void;
  /** The editor went away. */
  lost: (error: Error) => void;
}

/** An editor that answers for its models, over one connection. */
interface Editor {
  connection: MessageConnection;
  calls: Map<string, Call>;
}

/** Passes calls of the run at work on to an editor, of several to the one that connected last. */
export class EditorModelBroker implements EditorModels {
  readonly #editors: Editor[] = [];
  #hadOne = false;

  /** Returns the function to be called when the editor has gone. */
  add(connection: MessageConnection): () => void {
    const editor: Editor = { connection, calls: new Map() };
    this.#editors.push(editor);
    this.#hadOne = true;
    connection.onNotification('model/delta', (params: unknown) => {
      const delta = editorModelDeltaSchema.safeParse(params);
      if (delta.success) editor.calls.get(delta.data.id)?.onText(delta.data.text);
    });
    return () => {
      this.#editors.splice(this.#editors.indexOf(editor), 1);
      for (const { lost } of editor.calls.values())
        lost(new EditorUnavailable('The editor went away before it answered', true));
    };
  }

  async complete(
    request: Omit<EditorModelRequest, 'id'>,
    signal: AbortSignal,
    onText: (text: string) => void,
  ): Promise<EditorModelAnswer> {
    signal.throwIfAborted();
    const editor = this.#editors.at(-1);
    if (!editor) {
      throw new EditorUnavailable('No editor is connected that could ask its language models', this.#hadOne);
    }
    const id = randomUUID();
    const cancellation = new CancellationTokenSource();
    const { promise: ended, reject: end } = Promise.withResolvers<never>();
    const onAbort = () => {
      cancellation.cancel();
      end(signal.reason);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    editor.calls.set(id, { onText, lost: end });
    try {
      const sent = editor.connection.sendRequest('model/complete', { ...request, id }, cancellation.token);
      return parseAnswer(await Promise.race([sent, ended]));
    } catch (error) {
      throw editorError(error);
    } finally {
      signal.removeEventListener('abort', onAbort);
      editor.calls.delete(id);
      cancellation.dispose();
    }
  }
}

function parseAnswer(value: unknown): EditorModelAnswer {
  const parsed = editorModelAnswerSchema.safeParse(value);
  if (parsed.success) return parsed.data as EditorModelAnswer;
  const [issue] = parsed.error.issues;
  throw new EditorModelError(
    'failed',
    `the editor's answer is none: ${issue?.path.join('.')}: ${issue?.message}`,
  );
}

function editorError(error: unknown): unknown {
  if (!(error instanceof ResponseError)) return error;
  const { code, message } = error as ResponseError<unknown>;
  const data = editorModelErrorSchema.safeParse(error.data);
  if (code === RPC_MODEL_ERROR && data.success) return new EditorModelError(data.data.kind, message);
  // It has said that it has models, and is just coming up.
  if (code === ErrorCodes.MethodNotFound)
    return new EditorModelError('failed', 'the editor does not answer for its language models yet');
  return new EditorModelError('failed', message);
}
