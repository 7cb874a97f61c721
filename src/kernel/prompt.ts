/** A kernel waits for a question when its text ends so. */
export const PROMPT_AT_END = /(?:^|\n)auton> $/;

/** Lines of the log that came while the kernel waited: each takes the prompt's place, and the prompt follows anew. */
export const LOG_ABOVE_PROMPT = /^(?:\r\[[^\n]*\n(?:auton> )?)+/;

/** The kernel has answered what was typed: it waits again, and not only because such a line came in between. */
export const ANSWERED = /^(?!(?:\r\[[^\n]*\n(?:auton> )?)+$)[\s\S]*(?:^|\n)auton> $/;
