/** One file that differs between two trees, as git reports it and the diff validator judges it. */
export interface Change {
  status: 'added' | 'modified' | 'deleted' | 'renamed' | 'type_changed';
  /** Relative to the workspace; for a rename the new path. */
  path: string;
  oldPath?: string;
  /** Git mode of the new file: "100644", "100755", "120000" (symlink), "160000" (submodule), "000000" when deleted. */
  mode: string;
  /** Size of the new file; 0 when deleted. */
  bytes: number;
  binary: boolean;
  /** Lines the change adds, with their number in the new file. Empty for binary files. */
  addedLines: { line: number; text: string }[];
}
