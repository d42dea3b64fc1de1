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

/**
 * A double as mysqld prints it in a result: the shortest digits that read back the same, with an
 * exponent ("1e20") below 1e-15 and from 1e15 on (my_gcvt in strings/dtoa.c, MAX_DECPT_FOR_F_FORMAT).
 */
export function printDouble(value: number): string {
  if (value === 0) return "0";
  const exponent = Math.floor(Math.log10(Math.abs(value)));
  const [mantissa = "", power = ""] = value.toExponential().split("e");
  if (exponent >= 15 || exponent < -15) return `${mantissa}e${power.replace("+", "")}`;
  const plain = String(value);
  return plain.includes("e") ? expand(mantissa, Number(power)) : plain;
}

/** "1.5" and -7 to "0.00000015". */
function expand(mantissa: string, power: number): string {
  const negative = mantissa.startsWith("-");
  const digits = mantissa.replace("-", "").replace(".", "");
  const zeros = "0".repeat(-power - 1);
  return `${negative ? "-" : ""}0.${zeros}${digits}`;
}
