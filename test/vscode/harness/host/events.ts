/** What the suites inside the extension host tell the process that started them: lines of its console. */
export type HostEvent =
  | { kind: 'begin'; suite: HostSuite }
  | { kind: 'test' | 'pass' | 'pending'; test: number }
  | { kind: 'fail'; test: number; message: string; stack: string }
  | { kind: 'hook'; title: string; message: string; stack: string }
  | { kind: 'end' };

export interface HostSuite {
  title: string;
  tests: { title: string; number: number; timeoutMs: number }[];
  suites: HostSuite[];
}

/** Begins every such line; other lines are what extensions print. */
export const MARK = 'auton-test:';
