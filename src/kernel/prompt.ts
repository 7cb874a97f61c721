/** A kernel waits for a question when its text ends so. */
export const PROMPT_AT_END = /(?:^|\n)auton> $/;
