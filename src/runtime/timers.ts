/** Something that falls due once. One object serves as its own node of the heap: a timer costs no allocation. */
export interface Due {
  /** On the monotonic clock, milliseconds. */
  dueAt: number;
  /** Position in the heap; -1 when it waits for nothing. */
  heapIndex: number;
  due(): void;
}

/** What Node's timers count to; one that fires early finds nothing due and is armed again. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * Timers of one thread: a binary heap over a single Node timer. A hundred thousand waiting executions are a hundred thousand
 * array slots, not as many Timeout objects (each of which costs about 200 bytes and a list node of its own).
 */
export class Timers {
  readonly #heap: Due[] = [];
  readonly #clock: () => number;
  #timer: NodeJS.Timeout | undefined;
  #armedFor = Infinity;

  constructor(clock: () => number) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#heap.length;
  }

  add(item: Due, dueAt: number): void {
    if (item.heapIndex >= 0) this.remove(item);
    item.dueAt = dueAt;
    item.heapIndex = this.#heap.length;
    this.#heap.push(item);
    this.#up(item.heapIndex);
    this.#arm();
  }

  remove(item: Due): void {
    const index = item.heapIndex;
    if (index < 0) return;
    item.heapIndex = -1;
    const last = this.#heap.pop()!;
    if (last === item) return;
    this.#place(last, index);
    this.#up(index);
    this.#down(last.heapIndex);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#armedFor = Infinity;
    for (const item of this.#heap) item.heapIndex = -1;
    this.#heap.length = 0;
  }

  #arm(): void {
    const first = this.#heap[0];
    if (first === undefined || first.dueAt >= this.#armedFor) return;
    clearTimeout(this.#timer);
    this.#armedFor = first.dueAt;
    // Rounded up: Node fires whole milliseconds, and one that fires early would have to be armed again.
    this.#timer = setTimeout(() => this.#fire(), Math.min(Math.max(0, Math.ceil(first.dueAt - this.#clock())), LONGEST_TIMER_MS));
  }

  #fire(): void {
    this.#armedFor = Infinity;
    const now = this.#clock();
    for (let first = this.#heap[0]; first !== undefined && first.dueAt <= now; first = this.#heap[0]) {
      this.remove(first);
      first.due();
    }
    this.#arm();
  }

  #place(item: Due, index: number): void {
    this.#heap[index] = item;
    item.heapIndex = index;
  }

  #up(start: number): void {
    let index = start;
    const item = this.#heap[index]!;
    while (index > 0) {
      const above = (index - 1) >> 1;
      const parent = this.#heap[above]!;
      if (parent.dueAt <= item.dueAt) break;
      this.#place(parent, index);
      index = above;
    }
    this.#place(item, index);
  }

  #down(start: number): void {
    let index = start;
    const item = this.#heap[index]!;
    const { length } = this.#heap;
    for (;;) {
      let below = 2 * index + 1;
      if (below >= length) break;
      if (below + 1 < length && this.#heap[below + 1]!.dueAt < this.#heap[below]!.dueAt) below++;
      const child = this.#heap[below]!;
      if (child.dueAt >= item.dueAt) break;
      this.#place(child, index);
      index = below;
    }
    this.#place(item, index);
  }
}
