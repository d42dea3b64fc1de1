/**
 * Functions whose value depends on their arguments alone, with the session's settings fixed
 * (UTC, en_US): only such may stand in expressions that are evaluated now for a row and again,
 * years later, to take the same row away. On MySQL and MariaDB alike, by their manuals.
 */

const TEXT = [
  ...["ascii", "bin", "bit_length", "char_length", "character_length", "concat", "concat_ws"],
  ...["conv", "elt", "field", "find_in_set", "from_base64", "hex", "insert", "instr", "lcase"],
  ...["left", "length", "locate", "lower", "lpad", "ltrim", "mid", "oct", "octet_length", "ord"],
  ...["position", "quote", "repeat", "replace", "reverse", "right", "rpad", "rtrim", "soundex"],
  ...["space", "strcmp", "substr", "substring", "substring_index", "to_base64", "trim", "ucase"],
  ...["unhex", "upper", "crc32", "md5", "sha", "sha1", "sha2"],
  ...["inet_aton", "inet_ntoa", "inet6_aton", "inet6_ntoa"],
];

const NUMBER = [
  ...["abs", "bit_count", "ceil", "ceiling", "exp", "floor", "greatest", "interval", "least"],
  ...["ln", "log", "log10", "log2", "mod", "pow", "power", "round", "sign", "sqrt", "truncate"],
];

const DATE = [
  ...["adddate", "addtime", "date", "date_add", "date_format", "date_sub", "datediff", "day"],
  ...["dayname", "dayofmonth", "dayofweek", "dayofyear", "extract", "from_days", "hour"],
  ...["last_day", "makedate", "maketime", "microsecond", "minute", "month", "monthname"],
  ...["period_add", "period_diff", "quarter", "sec_to_time", "second", "str_to_date", "subdate"],
  ...["subtime", "time", "time_format", "time_to_sec", "timediff", "timestamp", "timestampadd"],
  ...["timestampdiff", "to_days", "to_seconds", "week", "weekday", "weekofyear", "year"],
  ...["yearweek", "from_unixtime", "unix_timestamp"],
];

const CHOICE = ["coalesce", "if", "ifnull", "isnull", "nullif"];

const JSON_TEXT = [
  ...["json_contains", "json_contains_path", "json_depth", "json_extract", "json_keys"],
  ...["json_length", "json_quote", "json_type", "json_unquote", "json_valid", "json_value"],
];

export const PURE_FUNCTIONS: ReadonlySet<string> = new Set([
  ...TEXT,
  ...NUMBER,
  ...DATE,
  ...CHOICE,
  ...JSON_TEXT,
]);

/** Without arguments these tell the time. */
export const CLOCKS_WITHOUT_ARGUMENTS: ReadonlySet<string> = new Set(["unix_timestamp"]);

/** Their value is a time of day. ADDTIME's is when its argument is one. */
export const TIME_FUNCTIONS: ReadonlySet<string> = new Set([
  ...["addtime", "maketime", "sec_to_time", "subtime", "time", "timediff"],
]);

/** They take a time of day as it is. Others make a date of it: today's. */
export const TIME_TAKERS: ReadonlySet<string> = new Set([
  ...["addtime", "concat", "concat_ws", "hour", "isnull", "microsecond", "minute", "second"],
  ...["subtime", "time", "time_format", "time_to_sec", "timediff"],
]);

/** They give one of their arguments. */
export const CHOOSING_FUNCTIONS: ReadonlySet<string> = new Set([
  ...["coalesce", "greatest", "if", "ifnull", "least", "nullif"],
]);
