/** An element of a Fifo: it knows its neighbours, so that it leaves from the middle at no cost. */
export interface Linked<T> {
  previous: T | null;
  next: T | null;
}

/** A queue whose elements may leave out of turn. An element is in one queue at a time. */
export class Fifo<T extends Linked<T>> {
  first: T | null = null;
  #last: T | null = null;

  push(element: T): void {
    element.previous = this.#last;
    element.next = null;
    if (this.#last === null) {
      this.first = element;
    } else {
      this.#last.next = element;
    }
    this.#last = element;
  }

  remove(element: T): void {
    if (element.previous === null) {
      this.first = element.next;
    } else {
      element.previous.next = element.next;
    }
    if (element.next === null) {
      this.#last = element.previous;
    } else {
      element.next.previous = element.previous;
    }
    element.previous = null;
    element.next = null;
  }

  clear(): void {
    this.first = null;
    this.#last = null;
  }
}
