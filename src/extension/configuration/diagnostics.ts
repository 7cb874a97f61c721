import { dirname } from 'node:path';
import {
  CancellationTokenSource,
  CodeAction,
  CodeActionKind,
  Diagnostic,
  DiagnosticSeverity,
  l10n,
  languages,
  Range,
  workspace,
  WorkspaceEdit,
  type Disposable,
  type TextDocument,
} from 'vscode';
import type { ConfigReport } from '../../config/problems.ts';
import { cliJson } from '../common/cli.ts';
import { Disposables } from '../common/disposables.ts';
import { nodeProgram } from '../common/node.ts';
import type { Ctx } from '../ctx.ts';
import { CONFIG_DOCUMENT, isConfig } from './document.ts';
import { fixOf, type ReportedProblem } from './problem-fix.ts';

/** A check is a process of its own: it waits until the user stops typing. */
const QUIET_MS = 300;

/** A check that waits or works; the next one of the same document replaces it. */
interface Check {
  timer: NodeJS.Timeout | undefined;
  cancellation: CancellationTokenSource;
}

/** Shows what is wrong in `auton.toml` on its lines while it is written, in folders that are trusted. */
export function configDiagnostics(ctx: Ctx): Disposable {
  const disposables = new Disposables();
  const shown = disposables.add(languages.createDiagnosticCollection('auton.toml'));
  const fixes = new WeakMap<Diagnostic, string>();
  const checks = new Map<string, Check>();

  const drop = (document: TextDocument) => {
    const id = document.uri.toString();
    const check = checks.get(id);
    clearTimeout(check?.timer);
    check?.cancellation.cancel();
    checks.delete(id);
  };
  const schedule = (document: TextDocument, delayMs: number) => {
    if (!workspace.isTrusted || !isConfig(document)) return;
    drop(document);
    const cancellation = new CancellationTokenSource();
    const timer = setTimeout(() => void run(document, cancellation), delayMs);
    checks.set(document.uri.toString(), { timer, cancellation });
  };
  const run = async (document: TextDocument, { token }: CancellationTokenSource) => {
    try {
      const report = await check(ctx, document, token);
      if (token.isCancellationRequested || document.isClosed) return;
      const diagnostics = report.problems.map((problem) => {
        const diagnostic = toDiagnostic(document, problem);
        const fix = fixOf(problem);
        if (fix !== null) fixes.set(diagnostic, fix);
        return diagnostic;
      });
      shown.set(document.uri, diagnostics);
    } catch (error) {
      if (!token.isCancellationRequested) ctx.log.warn(`auton.toml was not checked: ${String(error)}`);
    }
  };

  disposables.add(workspace.onDidOpenTextDocument((document) => schedule(document, 0)));
  disposables.add(workspace.onDidChangeTextDocument(({ document }) => schedule(document, QUIET_MS)));
  disposables.add(workspace.onDidSaveTextDocument((document) => schedule(document, 0)));
  disposables.add(
    workspace.onDidCloseTextDocument((document) => {
      drop(document);
      shown.delete(document.uri);
    }),
  );
  const checkOpen = () => workspace.textDocuments.forEach((document) => schedule(document, 0));
  disposables.add(workspace.onDidGrantWorkspaceTrust(checkOpen));
  disposables.add(quickFixes((document) => shown.get(document.uri) ?? [], fixes));
  disposables.add({ dispose: () => workspace.textDocuments.forEach(drop) });
  checkOpen();
  return disposables;
}

function check(
  ctx: Ctx,
  document: TextDocument,
  token: CancellationTokenSource['token'],
): Promise<ConfigReport> {
  const place = dirname(document.uri.fsPath);
  const args = ['--workspace', place, 'config', 'check', '--stdin', '--json'];
  return cliJson<ConfigReport>(nodeProgram(ctx.extension), place, args, { token, input: document.getText() });
}

function toDiagnostic(document: TextDocument, problem: ReportedProblem): Diagnostic {
  const { line = 1, column = 1, endColumn, message, remedy, severity, key } = problem;
  const start = document.validatePosition(new Range(line - 1, column - 1, line - 1, column - 1).start);
  const end =
    endColumn === undefined
      ? document.lineAt(start.line).range.end
      : start.with({ character: endColumn - 1 });
  const diagnostic = new Diagnostic(
    new Range(start, end),
    `${message} ${remedy}`.trimEnd(),
    severity === 'error' ? DiagnosticSeverity.Error : DiagnosticSeverity.Warning,
  );
  diagnostic.source = 'AUTON';
  if (key !== undefined) diagnostic.code = key;
  return diagnostic;
}

/** "Did you mean ...?" as something to click on. */
function quickFixes(
  problemsOf: (document: TextDocument) => readonly Diagnostic[],
  fixes: WeakMap<Diagnostic, string>,
): Disposable {
  return languages.registerCodeActionsProvider(
    CONFIG_DOCUMENT,
    {
      provideCodeActions: (document, range) =>
        problemsOf(document).flatMap((diagnostic) => {
          const fix = fixes.get(diagnostic);
          if (fix === undefined || !diagnostic.range.intersection(range)) return [];
          const action = new CodeAction(l10n.t('Change to {0}', fix), CodeActionKind.QuickFix);
          action.edit = new WorkspaceEdit();
          action.edit.replace(document.uri, diagnostic.range, fix);
          action.diagnostics = [diagnostic];
          action.isPreferred = true;
          return [action];
        }),
    },
    { providedCodeActionKinds: [CodeActionKind.QuickFix] },
  );
}
