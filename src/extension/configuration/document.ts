import { basename } from 'node:path';
import type { DocumentSelector, TextDocument } from 'vscode';

export const CONFIG_FILE = 'auton.toml';

/** By name, not by language: an editor has no TOML of its own, and extensions that bring it name it as they like. */
export const CONFIG_DOCUMENT: DocumentSelector = [
  { scheme: 'file', pattern: `**/${CONFIG_FILE}` },
  { scheme: 'untitled', pattern: `**/${CONFIG_FILE}` },
];

export function isConfig({ uri }: TextDocument): boolean {
  return (uri.scheme === 'file' || uri.scheme === 'untitled') && basename(uri.path) === CONFIG_FILE;
}
