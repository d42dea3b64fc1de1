/** Words that can't be names without quotes, and words that end what could go on. */

function words(text: string): ReadonlySet<string> {
  return new Set(text.split(/\s+/).filter((word) => word !== ""));
}

/**
 * Reserved in MySQL 8 and in MariaDB 10.6+ both: what only one of them reserves is a name to the
 * other's clients (manuals, "Keywords and Reserved Words").
 */
export const RESERVED: ReadonlySet<string> = words(`
  accessible add all alter analyze and as asc asensitive before between bigint binary blob both by
  call cascade case change char character check collate column condition constraint continue
  convert create cross current_date current_time current_timestamp current_user cursor databases
  database day_hour day_microsecond day_minute day_second dec decimal declare default delayed delete
  desc describe deterministic distinct distinctrow div double drop dual each else elseif
  enclosed escaped except exists exit explain false fetch float float4 float8 for force foreign from
  fulltext grant group having high_priority hour_microsecond hour_minute hour_second if ignore in
  index infile inner inout insensitive insert int int1 int2 int3 int4 int8 integer intersect
  interval into is iterate join key keys kill leading leave left like limit linear lines load
  localtime localtimestamp lock long longblob longtext loop low_priority master_ssl_verify_server_cert
  match maxvalue mediumblob mediumint mediumtext middleint minute_microsecond minute_second mod
  modifies natural not no_write_to_binlog null numeric on optimize option optionally or order
  out outer outfile over partition precision primary procedure purge range read reads read_write real
  recursive references regexp release rename repeat replace require resignal restrict return revoke
  right rlike rows schema schemas second_microsecond select sensitive separator set show signal
  smallint spatial specific sql sqlexception sqlstate sqlwarning sql_big_result sql_calc_found_rows
  sql_small_result ssl starting straight_join table terminated then tinyblob tinyint tinytext to
  trailing trigger true undo union unique unlock unsigned update usage use using utc_date utc_time
  utc_timestamp values varbinary varchar varcharacter varying when where while with write xor
  year_month zerofill`);

/** Reserved words that are functions when a parenthesis follows. */
export const RESERVED_FUNCTIONS: ReadonlySet<string> = words(`
  char database schema if insert left right mod repeat replace values current_date current_time
  current_timestamp current_user localtime localtimestamp utc_date utc_time utc_timestamp interval`);

/** Functions that may stand without parentheses. */
export const BARE_FUNCTIONS: ReadonlySet<string> = words(`
  current_date current_time current_timestamp current_user localtime localtimestamp utc_date
  utc_time utc_timestamp`);

/** No alias of a select item: a clause or an operator begins here. */
export const ITEM_ALIAS_STOP: ReadonlySet<string> = words(`
  offset returning window minus`);

/** No alias of a table. */
export const TABLE_ALIAS_STOP: ReadonlySet<string> = words(`
  offset returning window minus lateral tablesample`);

/** Aggregates whose parenthesis must follow at once, unless sql_mode has IGNORE_SPACE. */
export const ADJACENT_FUNCTIONS: ReadonlySet<string> = words(`
  adddate bit_and bit_or bit_xor cast count curdate curtime date_add date_sub extract group_concat
  max mid min now position session_user std stddev stddev_pop stddev_samp subdate substr substring
  sum sysdate system_user trim variance var_pop var_samp`);

/** Units of INTERVAL, EXTRACT and TIMESTAMPADD. */
export const INTERVAL_UNITS: ReadonlySet<string> = words(`
  microsecond second minute hour day week month quarter year second_microsecond minute_microsecond
  minute_second hour_microsecond hour_second hour_minute day_microsecond day_second day_minute
  day_hour year_month sql_tsi_second sql_tsi_minute sql_tsi_hour sql_tsi_day sql_tsi_week
  sql_tsi_month sql_tsi_quarter sql_tsi_year`);

/** Character sets, for introducers: `_name'...'`. Any other `_name` is an identifier. */
export const CHARSETS: ReadonlySet<string> = words(`
  armscii8 ascii big5 binary cp1250 cp1251 cp1256 cp1257 cp850 cp852 cp866 cp932 dec8 eucjpms euckr
  gb18030 gb2312 gbk geostd8 greek hebrew hp8 keybcs2 koi8r koi8u latin1 latin2 latin5 latin7 macce
  macroman sjis swe7 tis620 ucs2 ujis utf16 utf16le utf32 utf8 utf8mb3 utf8mb4`);
