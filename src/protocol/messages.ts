/** A conversation with a model, as every provider's protocol can say it. */
export interface TextPart {
  type: 'text';
  text: string;
}

/** A tool call of the model. `malformed` holds the raw text when the arguments were not JSON; `input` is then {}. */
export interface ToolCallPart {
  type: 'tool_call';
  id: string;
  name: string;
  input: unknown;
  malformed?: string;
}

export interface ToolResultPart {
  type: 'tool_result';
  callId: string;
  text: string;
  isError: boolean;
}

export interface ToolDefinition {
  name: string;
  description: string;
  /** JSON Schema of the arguments, an object type. */
  inputSchema: Record<string, unknown>;
}
