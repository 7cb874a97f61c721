import { basename } from 'node:path/posix';
import { l10n } from 'vscode';
import type { Evidence, EvidenceFile, Finding, TestResult } from '../../protocol/evidence.ts';
import { oneLine } from '../../protocol/printable.ts';
import { bytes } from '../../protocol/units.ts';
import type { Target } from '../common/target.ts';
import { COMMANDS } from '../ids.ts';
import type { RunRecord } from '../runs/run-record.ts';
import { evidenceRow, evidenceTooltip } from './evidence-row.ts';
import { COLOURS, EVIDENCE_MARKS } from './marks.ts';
import { code, escape, facts, paragraphs } from '../common/markdown.ts';
import { TreeNode, type Row } from './node.ts';

/** What a click on a finding is given. */
export interface FindingTarget extends Target {
  evidence: string;
  /** Its place among the findings. */
  finding: number;
}

/** What a click on a file is given; without `file` it is the first that fits. */
export interface FileTarget extends Target {
  evidence: string;
  file?: string;
}

/** The evidence of a task, or the final one of the run. */
export class EvidenceGroupNode extends TreeNode {
  readonly id: string;
  readonly parent: TreeNode | undefined;
  override readonly target: Target;
  readonly record: RunRecord;
  readonly #task: string | undefined;
  readonly #nodes = new Map<string, EvidenceNode>();

  constructor(folder: string, record: RunRecord, task: string | undefined, parent: TreeNode | undefined) {
    super();
    this.id = `${folder}\n${record.id}\n${task ?? ''}`;
    this.parent = parent;
    this.record = record;
    this.target = { folder, run: record.id, ...(task === undefined ? {} : { task }) };
    this.#task = task;
  }

  get evidence(): readonly Evidence[] {
    const { state } = this.record;
    return this.#task === undefined ? state.evidence : (state.tasks.get(this.#task)?.evidence ?? []);
  }

  row(): Row {
    const all = this.evidence;
    const last = all.at(-1);
    const label = this.#task ?? l10n.t('Final validation');
    const failed = all.filter(({ passed }) => !passed).length;
    const result = last?.passed ? l10n.t('passed') : l10n.t('failed');
    const parts = [
      last ? `${EVIDENCE_MARKS[last.kind].word} ${result}` : '',
      failed > 0 ? l10n.t('{0} of {1} failed', failed, all.length) : String(all.length),
    ];
    return {
      label,
      description: parts.join(' · '),
      icon: last?.passed ? { id: 'pass', color: COLOURS.good } : { id: 'error', color: COLOURS.bad },
      context: 'group',
      spoken: [label, ...parts].join(', '),
      folding: 'closed',
    };
  }

  override tooltip(): string {
    const task = this.#task === undefined ? undefined : this.record.state.tasks.get(this.#task);
    const last = this.evidence.at(-1);
    return paragraphs(
      task
        ? `**${escape(task.spec.title)}** ${code(task.spec.id)}`
        : `**${escape(l10n.t('Final validation'))}**`,
      last && evidenceTooltip(last),
    );
  }

  /** Newest first. */
  override children(): readonly TreeNode[] {
    return this.evidence.map((evidence) => this.node(evidence)).reverse();
  }

  node(evidence: Evidence): EvidenceNode {
    let node = this.#nodes.get(evidence.id);
    if (!node) this.#nodes.set(evidence.id, (node = new EvidenceNode(this, evidence)));
    return node;
  }
}

/** One thing that a validator did. It never changes. */
class EvidenceNode extends TreeNode {
  readonly id: string;
  readonly parent: TreeNode;
  override readonly target: Target & { evidence: string };
  readonly #evidence: Evidence;
  readonly #folder: string;

  constructor(parent: EvidenceGroupNode, evidence: Evidence) {
    super();
    this.id = `${parent.id}\n${evidence.id}`;
    this.parent = parent;
    this.target = { ...parent.target, evidence: evidence.id };
    this.#evidence = evidence;
    this.#folder = parent.record.folder;
  }

  row(): Row {
    return evidenceRow(this.#evidence);
  }

  override tooltip(): string {
    return evidenceTooltip(this.#evidence);
  }

  override children(): readonly TreeNode[] {
    const { findings, tests, files } = this.#evidence;
    const failedFirst = [...tests].sort((a, b) => Number(a.passed) - Number(b.passed));
    return [
      ...findings.map((finding, index) => new FindingNode(this, finding, index)),
      ...failedFirst.map((test) => new TestNode(this, test)),
      ...files.map((file) => new FileNode(this, file, this.#folder)),
    ];
  }
}

const SEVERITIES = {
  error: { id: 'error', color: COLOURS.bad },
  warning: { id: 'warning', color: COLOURS.waiting },
  note: { id: 'info', color: COLOURS.active },
};

/** What a compiler or validator remarked; a click goes there. */
class FindingNode extends TreeNode {
  readonly id: string;
  readonly parent: EvidenceNode;
  readonly #finding: Finding;
  readonly #index: number;

  constructor(parent: EvidenceNode, finding: Finding, index: number) {
    super();
    this.id = `${parent.id}\nfinding ${index}`;
    this.parent = parent;
    this.#finding = finding;
    this.#index = index;
  }

  row(): Row {
    const { severity, message, file } = this.#finding;
    const label = oneLine(message);
    const target: FindingTarget = { ...this.parent.target, finding: this.#index };
    return {
      label,
      description: placeOf(this.#finding),
      icon: SEVERITIES[severity],
      context: 'finding',
      spoken: [severity, label, placeOf(this.#finding)].filter((part) => part !== '').join(', '),
      folding: 'none',
      ...(file === undefined
        ? {}
        : { command: { id: COMMANDS.openFinding, title: l10n.t('Open'), arguments: [target] } }),
    };
  }

  override tooltip(): string {
    return paragraphs(escape(this.#finding.message), code(placeOf(this.#finding)));
  }
}

function placeOf({ file, line, column }: Finding): string {
  return oneLine([file, line, column].filter((part) => part !== undefined).join(':'));
}

class TestNode extends TreeNode {
  readonly id: string;
  readonly parent: TreeNode;
  readonly #test: TestResult;

  constructor(parent: EvidenceNode, test: TestResult) {
    super();
    this.id = `${parent.id}\ntest ${test.name}`;
    this.parent = parent;
    this.#test = test;
  }

  row(): Row {
    const { name, passed, missing, detail } = this.#test;
    const why = passed ? '' : (detail ?? l10n.t('not seen: {0}', missing.join(', ')));
    return {
      label: name,
      description: oneLine(why),
      icon: passed ? { id: 'pass', color: COLOURS.good } : { id: 'error', color: COLOURS.bad },
      context: 'test',
      spoken: [name, passed ? l10n.t('passed') : l10n.t('failed'), oneLine(why)]
        .filter((part) => part !== '')
        .join(', '),
      folding: 'none',
    };
  }

  override tooltip(): string {
    const { name, subsystem, missing, detail } = this.#test;
    return paragraphs(
      `**${escape(name)}**`,
      detail !== undefined && escape(detail),
      facts([l10n.t('Subsystem'), code(subsystem)], [l10n.t('Not seen'), missing.map(code).join(', ')]),
    );
  }
}

/** A file that was kept; a click opens those that can be read. */
class FileNode extends TreeNode {
  readonly id: string;
  readonly parent: EvidenceNode;
  override readonly target: FileTarget;
  readonly #file: EvidenceFile;
  readonly #folder: string;

  constructor(parent: EvidenceNode, file: EvidenceFile, folder: string) {
    super();
    this.id = `${parent.id}\n${file.path}`;
    this.parent = parent;
    this.target = { ...parent.target, file: file.path };
    this.#file = file;
    this.#folder = folder;
  }

  row(): Row {
    const { role, path, bytes: size } = this.#file;
    const label = basename(path);
    const serial = role === 'serial-log';
    return {
      label,
      description: bytes(size),
      icon: { id: role === 'kernel' ? 'file-binary' : serial ? 'terminal' : 'output' },
      context: 'evidencefile',
      spoken: `${label}, ${bytes(size)}`,
      folding: 'none',
      ...(role === 'kernel'
        ? {}
        : {
            command: {
              id: serial ? COMMANDS.openSerialLog : COMMANDS.openBuildLog,
              title: l10n.t('Open'),
              arguments: [this.target],
            },
          }),
    };
  }

  override tooltip(): string {
    return code(`${this.#folder}/${this.#file.path}`);
  }
}
