/** Who becomes primary. Pure: from what the tablets reported to one alias, or a reason why none. */
import type { ErrorId } from "../../shared/error/errors.ts";
import type { AliveReport, Member, Report } from "./member.ts";
import { containsPosition, parsePosition } from "./position.ts";

export type Reports = ReadonlyMap<string, Report>;

/** A refusal: which row of the error table, and its text. */
export interface Refusal {
  readonly id: Extract<ErrorId, "VT22001" | "VT22002">;
  readonly text: string;
}

export type Election =
  | { readonly elected: string; readonly refusal?: undefined }
  | { readonly elected?: undefined; readonly refusal: Refusal };

export interface ElectionRules {
  readonly newPrimary: string | undefined;
  readonly avoidPrimary: string | undefined;
  /** The tablet that takes writes now, when there is one. */
  readonly current: Member | undefined;
  readonly allowCrossCell: boolean;
  readonly lagMaxSeconds: number | undefined;
  /** With it, an explicitly named primary may lack rows that another tablet has. */
  readonly force: boolean;
}

interface Candidate {
  readonly member: Member;
  readonly report: AliveReport;
}

/** Tablets that may be promoted at all (Vitess's rule: must_not for all others). */
function mayBePrimary(member: Member): boolean {
  return member.type === "replica" || member.type === "primary";
}

export function elect(
  members: readonly Member[],
  reports: Reports,
  rules: ElectionRules,
): Election {
  return rules.newPrimary === undefined
    ? electBest(members, reports, rules)
    : checkNamed(rules.newPrimary, members, reports, rules);
}

function refuse(text: string, id: Refusal["id"] = "VT22002"): Election {
  return { refusal: { id, text } };
}

function checkNamed(
  name: string,
  members: readonly Member[],
  reports: Reports,
  rules: ElectionRules,
): Election {
  const member = members.find((one) => one.alias === name);
  if (member === undefined) {
    return refuse(
      `primary-elect tablet ${name} is not in the shard; its tablets are ${
        members.map((one) => one.alias).join(", ") || "none"
      }`,
      "VT22001",
    );
  }
  if (name === rules.avoidPrimary) {
    return refuse(`primary-elect tablet ${name} is the same as the tablet to avoid`, "VT22001");
  }
  if (!mayBePrimary(member)) {
    return refuse(
      `proposed primary ${name} has a must not promotion rule: its type is ${member.type}; ChangeTabletType ${name} replica first`,
    );
  }
  const objection = objectionTo(member, members, reports, rules);
  return objection === undefined ? { elected: name } : refuse(objection);
}

function electBest(
  members: readonly Member[],
  reports: Reports,
  rules: ElectionRules,
): Election {
  const objections: string[] = [];
  const fit: Candidate[] = [];
  for (const member of members) {
    if (member.alias === rules.avoidPrimary || !mayBePrimary(member)) continue;
    const objection = crossCell(member, rules) ?? objectionTo(member, members, reports, rules);
    const report = reports.get(member.alias);
    if (objection === undefined && report?.alive === true) fit.push({ member, report });
    else objections.push(objection ?? `${member.alias} did not report`);
  }
  const front = fit.filter((one) => !fit.some((other) => isAhead(other.report, one.report)));
  const best = front.sort((a, b) => preference(a, b, rules)).at(0);
  if (best !== undefined) return { elected: best.member.alias };
  return refuse(
    objections.length === 0
      ? "no valid candidates to be primary: the shard has no other tablet of type replica; add one, or name one with --new-primary"
      : `no valid candidates to be primary: ${objections.join("; ")}`,
  );
}

function crossCell(member: Member, rules: ElectionRules): string | undefined {
  if (rules.allowCrossCell || rules.current === undefined) return undefined;
  if (member.cell === rules.current.cell) return undefined;
  return `${member.alias} is in another cell than the primary (--allow-cross-cell-promotion allows it)`;
}

/** Why this tablet can't be promoted without harm; undefined when it can. */
function objectionTo(
  member: Member,
  members: readonly Member[],
  reports: Reports,
  rules: ElectionRules,
): string | undefined {
  const report = reports.get(member.alias);
  if (report?.alive !== true) return `${member.alias} can't be reached: ${report?.error ?? ""}`;
  if (rules.current === undefined) {
    return rules.force ? undefined : missing(member, report, members, reports);
  }
  if (rules.current.alias === member.alias) return undefined;
  const primary = reports.get(rules.current.alias);
  if (primary?.alive !== true) return undefined;
  if (!containsPosition(parsePosition(primary.position), parsePosition(report.position))) {
    return `${member.alias} has errant GTIDs: it is at ${report.position}, its primary at ${primary.position}; compare the rows, then set it up anew`;
  }
  if (!report.replicating && report.lastError !== "") {
    return `replication is broken on ${member.alias}: ${report.lastError}; repair it, then StartReplication ${member.alias}`;
  }
  const { lagMaxSeconds } = rules;
  if (
    lagMaxSeconds !== undefined && report.replicating &&
    (report.lagSeconds ?? Infinity) > lagMaxSeconds
  ) {
    return `${member.alias} lags ${
      report.lagSeconds ?? "an unknown number of"
    } seconds, more than --tolerable-replication-lag ${lagMaxSeconds}s`;
  }
  return undefined;
}

/** Without a primary to compare with, the elect must have what every other tablet has. */
function missing(
  member: Member,
  report: AliveReport,
  members: readonly Member[],
  reports: Reports,
): string | undefined {
  const own = parsePosition(report.position);
  for (const other of members) {
    const theirs = reports.get(other.alias);
    if (other.alias === member.alias || theirs?.alive !== true) continue;
    if (containsPosition(own, parsePosition(theirs.position))) continue;
    return `${other.alias} at ${theirs.position} has transactions that ${member.alias} at ${
      report.position || "the empty position"
    } has not`;
  }
  return undefined;
}

/** True when `a` has all transactions of `b` and more. */
function isAhead(a: AliveReport, b: AliveReport): boolean {
  const [left, right] = [parsePosition(a.position), parsePosition(b.position)];
  return containsPosition(left, right) && !containsPosition(right, left);
}

/** Among the most advanced: the primary's cell, a running replication, the least lag, the alias. */
function preference(a: Candidate, b: Candidate, rules: ElectionRules): number {
  const home = rules.current?.cell;
  if (a.member.cell !== b.member.cell && home !== undefined) {
    if (a.member.cell === home) return -1;
    if (b.member.cell === home) return 1;
  }
  if (a.report.replicating !== b.report.replicating) return a.report.replicating ? -1 : 1;
  const [left, right] = [lagOf(a.report), lagOf(b.report)];
  if (left !== right) return left - right;
  return a.member.alias < b.member.alias ? -1 : 1;
}

/** Whole numbers only, so that differences of unknown lags are no NaN. */
function lagOf(report: AliveReport): number {
  return report.lagSeconds ?? Number.MAX_SAFE_INTEGER;
}
