/**
 * Floating-point numbers as mysqld prints them (strings/dtoa.c, my_gcvt and my_fcvt): the shortest
 * digits that read back the same, of a FLOAT never more than six; `1e20` and `1e-16` in exponent
 * form, everything between without. Compared with both servers' output on random numbers.
 */

/** my_gcvt's DBL_DIG: with the point further to the right, and behind all digits, exponent form. */
const POINT_MAX = 15;
const POINT_MIN = -14;

const FLOAT_DIGITS = 6;

/** Longest fraction that Number.toFixed takes. */
const FIXED_DIGITS_MAX = 100;

interface Decimal {
  readonly negative: boolean;
  /** Without zeros at either end; "0" for zero. */
  readonly digits: string;
  /** Place of the point: the value is 0.digits * 10^point. */
  readonly point: number;
}

function decimalOf(value: number, exponential: string): Decimal {
  const [mantissa = "", exponent = "0"] = exponential.split("e");
  const negative = value < 0 || Object.is(value, -0);
  const digits = mantissa.replace(/[-.]/g, "").replace(/0+$/, "");
  if (digits === "") return { negative, digits: "0", point: 1 };
  return { negative, digits, point: Number(exponent) + 1 };
}

function plain({ digits, point }: Decimal): string {
  if (point <= 0) return `0.${"0".repeat(-point)}${digits}`;
  if (point >= digits.length) return digits + "0".repeat(point - digits.length);
  return `${digits.slice(0, point)}.${digits.slice(point)}`;
}

function print(decimal: Decimal): string {
  const sign = decimal.negative ? "-" : "";
  const { digits, point } = decimal;
  if (point >= POINT_MIN && (point <= POINT_MAX || point < digits.length)) {
    return sign + plain(decimal);
  }
  const mantissa = digits.length === 1 ? digits : `${digits[0]}.${digits.slice(1)}`;
  return `${sign}${mantissa}e${point - 1}`;
}

/** A DOUBLE without a fixed number of decimals. */
export function printDouble(value: number): string {
  return printNonFinite(value) ?? print(decimalOf(value, value.toExponential()));
}

/** A FLOAT without a fixed number of decimals. */
export function printFloat(value: number): string {
  return printNonFinite(value) ?? print(decimalOf(value, sixDigits(value)));
}

/**
 * Rounded to six digits, a tie to the even one (JavaScript rounds it up). A float that is no tie
 * differs from one within its first 17 digits, so 21 of them tell.
 */
function sixDigits(value: number): string {
  const rounded = value.toExponential(FLOAT_DIGITS - 1);
  const tie = /^-?(.\..{5})50{14}(e.*)$/.exec(value.toExponential(20));
  if (tie === null || !/[02468]$/.test(tie[1] ?? "")) return rounded;
  return `${tie[1]}${tie[2]}`;
}

/** FLOAT(m,d) and DOUBLE(m,d): `decimals` digits behind the point. */
export function printFixed(value: number, decimals: number): string {
  const nonFinite = printNonFinite(value);
  if (nonFinite !== undefined) return nonFinite;
  const exact = decimalOf(value, value.toExponential());
  const fraction = Math.max(0, exact.digits.length - exact.point);
  if (fraction > decimals) return value.toFixed(Math.min(decimals, FIXED_DIGITS_MAX));
  const [whole = "", rest = ""] = plain(exact).split(".");
  const sign = exact.negative ? "-" : "";
  return decimals === 0 ? sign + whole : `${sign}${whole}.${rest.padEnd(decimals, "0")}`;
}

/** mysqld stores neither; what my_gcvt would print. */
function printNonFinite(value: number): string | undefined {
  if (Number.isFinite(value)) return undefined;
  return "0";
}
