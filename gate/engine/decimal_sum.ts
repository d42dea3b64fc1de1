/** Exact sums of the numbers that shards print: integers and decimals of any size. */

/** A sum of decimals with as many digits behind the point as the longest of them. */
export class DecimalSum {
  #units = 0n;
  #scale = 0;

  /** Adds "-12.50". SyntaxError for anything else. */
  add(text: string): void {
    const match = /^(-?)([0-9]*)(?:\.([0-9]*))?$/.exec(text);
    if (match === null || text === "" || text === "-") {
      throw new SyntaxError(`Cannot add "${text}"`);
    }
    const [, sign = "", whole = "", fraction = ""] = match;
    if (fraction.length > this.#scale) {
      this.#units *= 10n ** BigInt(fraction.length - this.#scale);
      this.#scale = fraction.length;
    }
    const units = BigInt(whole + fraction.padEnd(this.#scale, "0"));
    this.#units += sign === "-" ? -units : units;
  }

  toString(): string {
    const negative = this.#units < 0n;
    const digits = String(negative ? -this.#units : this.#units).padStart(this.#scale + 1, "0");
    const cut = digits.length - this.#scale;
    const fraction = this.#scale === 0 ? "" : `.${digits.slice(cut)}`;
    return `${negative ? "-" : ""}${digits.slice(0, cut)}${fraction}`;
  }
}
