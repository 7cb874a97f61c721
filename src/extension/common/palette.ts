/** What the engine calls by the command line, by the names that the command palette has for it. */
const PALETTE: Readonly<Record<string, string>> = {
  'auton budget': '"AUTON: Set Budget"',
  'auton doctor': '"AUTON: Check Environment"',
  'auton message': '"AUTON: Message Agent"',
  'auton resume': '"AUTON: Resume"',
};

/** A remedy as a user of the editor can follow it. */
export function inEditor(text: string): string {
  return text.replace(/`(auton \w+)[^`]*`/g, (all, command: string) => PALETTE[command] ?? all);
}
