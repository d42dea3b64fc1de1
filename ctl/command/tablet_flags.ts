import type { Flag } from "../../shared/flags/flag.ts";
import {
  parseTabletAlias,
  parseTabletType,
  type TabletAlias,
  type TabletType,
} from "../../shared/model/tablet.ts";

/** One tablet, by its alias. */
export function aliasFlag(help: string): Flag<TabletAlias | undefined> {
  return {
    placeholder: "ALIAS",
    help,
    required: false,
    fallback: undefined,
    isSwitch: false,
    repeats: false,
    parse: (value) => value === "" ? undefined : parseTabletAlias(value),
    printedFallback: "",
  };
}

/** Tablets by their aliases. */
export const ALIASES_FLAG: Flag<readonly TabletAlias[]> = {
  placeholder: "A,B",
  help: "only these tablets",
  required: false,
  fallback: [],
  isSwitch: false,
  repeats: true,
  parse: (value) => value.split(",").filter((item) => item !== "").map(parseTabletAlias),
  printedFallback: "",
};

/** A tablet type, in any case; its old names too. */
export const TYPE_FLAG: Flag<TabletType | undefined> = {
  placeholder: "TYPE",
  help: "only of this type",
  required: false,
  fallback: undefined,
  isSwitch: false,
  repeats: false,
  parse: (value) => value === "" ? undefined : parseTabletType(value),
  printedFallback: "",
};
