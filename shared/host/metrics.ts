/**
 * Counters, gauges and histograms of a program, in Prometheus' text format for /metrics and as one
 * JSON object for /debug/vars. Label values must come from a small set: a table name may be one, a
 * query may not (`SERIES_MAX`).
 */

/** Series of one metric; more are counted under the label value "other". */
export const SERIES_MAX = 2000;

export type Labels = Readonly<Record<string, string>>;

/** Seconds: from a point select to a long scan. */
export const LATENCY_BUCKETS: readonly number[] = [
  0.0005,
  0.001,
  0.0025,
  0.005,
  0.01,
  0.025,
  0.05,
  0.1,
  0.25,
  0.5,
  1,
  2.5,
  5,
  10,
  30,
];

export interface Counter {
  add(count?: number, labels?: Labels): void;
}

export interface Gauge {
  set(value: number, labels?: Labels): void;
  add(count: number, labels?: Labels): void;
}

export interface Histogram {
  observe(value: number, labels?: Labels): void;
}

interface Metric {
  readonly name: string;
  render(): string;
  vars(): unknown;
}

/** One per program; parts get theirs at construction. */
export class Metrics {
  readonly #metrics = new Map<string, Metric>();

  counter(name: string, help: string): Counter {
    return this.#register(new Series(name, help, "counter"));
  }

  gauge(name: string, help: string): Gauge {
    return this.#register(new Series(name, help, "gauge"));
  }

  /** A gauge that is read when somebody asks. */
  gaugeOf(name: string, help: string, read: () => number): void {
    const head = printHead(name, help, "gauge");
    this.#register({ name, render: () => `${head}${name} ${read()}\n`, vars: read });
  }

  /** Series that somebody else counts, read when somebody asks. */
  seriesOf(
    name: string,
    help: string,
    type: "counter" | "gauge",
    read: () => Iterable<readonly [labels: Labels, value: number]>,
  ): void {
    const head = printHead(name, help, type);
    const series = () =>
      [...read()].map(([labels, value]) => [printLabels(labels), value] as const);
    this.#register({
      name,
      render: () => head + series().map(([key, n]) => `${name}${braces(key)} ${n}\n`).join(""),
      vars: () => Object.fromEntries(series()),
    });
  }

  histogram(name: string, help: string, buckets: readonly number[] = LATENCY_BUCKETS): Histogram {
    return this.#register(new Buckets(name, help, buckets));
  }

  /** Prometheus' text exposition format, version 0.0.4. */
  render(): string {
    return [...this.#metrics.values()].map((metric) => metric.render()).join("");
  }

  /** Name to number, or to an object of label values to numbers. */
  vars(): Record<string, unknown> {
    return Object.fromEntries([...this.#metrics].map(([name, metric]) => [name, metric.vars()]));
  }

  #register<M extends Metric>(metric: M): M {
    if (this.#metrics.has(metric.name)) {
      throw new TypeError(`Cannot register metric ${metric.name} twice`);
    }
    this.#metrics.set(metric.name, metric);
    return metric;
  }
}

class Series implements Metric, Counter, Gauge {
  readonly name: string;
  readonly #head: string;
  readonly #values = new Map<string, number>();

  constructor(name: string, help: string, type: string) {
    this.name = name;
    this.#head = printHead(name, help, type);
  }

  add(count = 1, labels?: Labels): void {
    const key = keyOf(this.#values, labels);
    this.#values.set(key, (this.#values.get(key) ?? 0) + count);
  }

  set(value: number, labels?: Labels): void {
    this.#values.set(keyOf(this.#values, labels), value);
  }

  render(): string {
    const entries = this.#values.size === 0 ? [["", 0] as const] : [...this.#values];
    return this.#head +
      entries.map(([key, value]) => `${this.name}${braces(key)} ${value}\n`).join("");
  }

  vars(): unknown {
    const single = this.#values.get("");
    if (this.#values.size === 0) return 0;
    if (this.#values.size === 1 && single !== undefined) return single;
    return Object.fromEntries(this.#values);
  }
}

interface Observed {
  /** Counts of each bucket alone, the last for what is above all bounds. */
  readonly counts: number[];
  sum: number;
}

class Buckets implements Metric, Histogram {
  readonly name: string;
  readonly #head: string;
  readonly #bounds: readonly number[];
  readonly #series = new Map<string, Observed>();

  constructor(name: string, help: string, bounds: readonly number[]) {
    this.name = name;
    this.#head = printHead(name, help, "histogram");
    this.#bounds = bounds;
  }

  observe(value: number, labels?: Labels): void {
    const key = keyOf(this.#series, labels);
    let observed = this.#series.get(key);
    if (observed === undefined) {
      observed = { counts: new Array<number>(this.#bounds.length + 1).fill(0), sum: 0 };
      this.#series.set(key, observed);
    }
    let bucket = 0;
    while (value > (this.#bounds[bucket] ?? Infinity)) bucket++;
    observed.counts[bucket] = (observed.counts[bucket] ?? 0) + 1;
    observed.sum += value;
  }

  render(): string {
    return this.#head + [...this.#series].map(([key, o]) => this.#renderSeries(key, o)).join("");
  }

  vars(): unknown {
    return Object.fromEntries(
      [...this.#series].map(([key, o]) => [key, { count: total(o.counts), sum: o.sum }]),
    );
  }

  #renderSeries(key: string, observed: Observed): string {
    const comma = key === "" ? "" : ",";
    let below = 0;
    let text = "";
    observed.counts.forEach((count, i) => {
      below += count;
      const bound = this.#bounds[i] ?? "+Inf";
      text += `${this.name}_bucket{${key}${comma}le="${bound}"} ${below}\n`;
    });
    return `${text}${this.name}_sum${braces(key)} ${observed.sum}\n` +
      `${this.name}_count${braces(key)} ${below}\n`;
  }
}

function printHead(name: string, help: string, type: string): string {
  if (!/^[a-z][a-z0-9_]*$/.test(name)) throw new TypeError(`Cannot name a metric ${name}`);
  return `# HELP ${name} ${help.replaceAll("\n", " ")}\n# TYPE ${name} ${type}\n`;
}

function keyOf(known: ReadonlyMap<string, unknown>, labels: Labels | undefined): string {
  if (labels === undefined) return "";
  const key = printLabels(labels);
  if (known.has(key) || known.size < SERIES_MAX) return key;
  return printLabels(Object.fromEntries(Object.keys(labels).map((name) => [name, "other"])));
}

function printLabels(labels: Labels): string {
  let key = "";
  for (const name in labels) {
    const value = (labels[name] ?? "")
      .replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
    key += `${key === "" ? "" : ","}${name}="${value}"`;
  }
  return key;
}

function braces(key: string): string {
  return key === "" ? "" : `{${key}}`;
}

function total(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}
