// A page that a test sends to the background and a network that it changes; how many listen to them is counted.

export class FakeForeground {
  #visible = true;
  #listeners = new Set();

  isForeground() {
    return this.#visible;
  }

  onChange(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  get listeners() {
    return this.#listeners.size;
  }

  set(visible) {
    this.#visible = visible;
    this.#listeners.forEach((listener) => listener());
  }
}

export class FakeNetwork {
  #listeners = new Set();

  onChange(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  get listeners() {
    return this.#listeners.size;
  }

  change() {
    this.#listeners.forEach((listener) => listener());
  }
}
