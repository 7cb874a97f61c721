/** What the scripts inside the extension host tell, and the files in the folder by which they are asked. */
export interface Activation {
  ms: number;
  /** Of the processor, all threads of the extension host. */
  cpuMs: number;
}

export interface Heap {
  bytes: number;
}

/** Asks for the heap. */
export const ASK = '.ask';
/** Ends the script. */
export const END = '.end';
