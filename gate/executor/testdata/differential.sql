-- Each line runs on one plain server and through the gate on two shards; the answers are compared.
-- Rows without ORDER BY compare in any order.
select 1
select 1, 'a', null, 1.5, 1e10, x'4142', true
select 'a' as b, "double" as c
select count(*) from customer
select * from customer
insert into customer (email) values ('alice@domain.com')
insert into customer (email) values ('bob@domain.com'), ('charlie@domain.com'), ('dan@domain.com'), ('eve@domain.com')
select last_insert_id()
select row_count()
insert into customer (customer_id, email) values (null, 'frank@domain.com')
insert into customer (customer_id, email) values (0, 'gina@domain.com')
insert into customer (customer_id, email) values (100, 'zoe@domain.com')
insert into customer (customer_id, email) values (100, 'again@domain.com')
insert ignore into customer (customer_id, email) values (100, 'again@domain.com'), (101, 'new@domain.com')
insert into customer (customer_id, email) values (102, 'a'), (103, 'b') on duplicate key update email = 'dup'
insert into customer (customer_id, email) values (102, 'a') on duplicate key update email = 'dup'
insert into customer set customer_id = 104, email = 'set@domain.com'
insert into corder (customer_id, sku, price) values (1, 'SKU-1001', 100), (2, 'SKU-1002', 30), (3, 'SKU-1002', 30), (4, 'SKU-1002', 30), (5, 'SKU-1002', 30)
select * from customer order by customer_id
select customer_id, email from customer where customer_id = 1
select * from customer where customer_id = '2'
select * from customer where customer_id = 3.0
select * from customer where customer_id = 3.5
select * from customer where customer_id = null
select * from customer where customer_id in (1, 2, 3, 4, 5) order by customer_id
select * from customer where customer_id in (1, '2', 3.0) order by customer_id
select * from customer where customer_id = 1 or customer_id = 2 order by 1
select * from customer where not customer_id = 1 order by 1
select email from customer order by email
select email from customer order by email desc limit 3
select email from customer order by email limit 2, 3
select customer_id from customer order by email desc, customer_id limit 100 offset 2
select customer_id, email as mail from customer where customer_id > 2 and email like '%domain.com' order by mail
select count(*), min(customer_id), max(customer_id), sum(customer_id) from customer
select count(*) as n from customer where customer_id = 1
select count(email), max(email), min(email) from customer where customer_id < 50
select sum(price), min(price), max(price), count(price) from corder
select sum(price) from corder where price > 1000
select min(sku), max(sku) from corder
select c.customer_id, c.email, o.sku, o.price from customer c join corder o on c.customer_id = o.customer_id where c.customer_id = 1
select c.email, o.sku from customer c join corder o on c.customer_id = o.customer_id order by c.email
select c.email, o.price from customer c left join corder o using (customer_id) where c.customer_id = 100
select (select max(price) from corder o where o.customer_id = c.customer_id) as m from customer c where c.customer_id = 2
update customer set email = 'alice2@domain.com' where customer_id = 1
update customer set email = 'alice2@domain.com' where customer_id = 1
update customer set email = concat(email, '!') where customer_id in (1, 2, 3)
update corder set price = price + 1 where sku = 'SKU-1002'
update corder set price = price where sku = 'SKU-1002'
update customer set email = 'none' where customer_id = 99999
select * from corder order by order_id
delete from corder where customer_id = 5
delete from corder where sku = 'SKU-1001'
delete from corder where price > 100000
select * from corder order by customer_id desc
begin
insert into corder (customer_id, sku, price) values (1, 'TX', 1), (2, 'TX', 2), (3, 'TX', 3)
select count(*) from corder where sku = 'TX'
savepoint a
delete from corder where sku = 'TX'
select count(*) from corder where sku = 'TX'
rollback to a
select count(*) from corder where sku = 'TX'
release savepoint a
rollback
select count(*) from corder where sku = 'TX'
start transaction
update corder set price = 77 where customer_id in (2, 3)
commit
select customer_id, price from corder order by customer_id
set autocommit = 0
insert into corder (order_id, customer_id, sku, price) values (900, 2, 'AC', 5)
rollback
select count(*) from corder where sku = 'AC'
insert into corder (order_id, customer_id, sku, price) values (901, 2, 'AC', 5)
set autocommit = 1
select count(*) from corder where sku = 'AC'
begin
insert into corder (order_id, customer_id, sku, price) values (910, 1, 'ATOM', 1), (910, 2, 'ATOM', 1), (910, 3, 'ATOM', 1), (901, 2, 'ATOM', 1)
select count(*) from corder where sku = 'ATOM'
rollback
release savepoint nosuch
set @a = 5, @b = 'text'
select @a, @b, @nosuch
select @a + 1
select customer_id from customer where customer_id = @a
set @c = @a + 2
select @c
set @n = null
select @n
set sql_mode = ''
select @@sql_mode
set sql_mode = 'STRICT_TRANS_TABLES'
set @@session.sql_mode = concat(@@sql_mode, ',NO_ZERO_DATE')
select @@session.sql_mode
set @old_mode = @@sql_mode, sql_mode = 'NO_AUTO_VALUE_ON_ZERO'
select @@sql_mode
set sql_mode = @old_mode
select @@sql_mode
set sql_mode = 'NO_SUCH_MODE'
set nosuch_variable = 1
set time_zone = '+03:00'
select @@time_zone, @@session.time_zone
set names utf8mb4
select 'ü', length('ü'), 'ü' = 'u'
set names latin1
select length('abc')
set names utf8mb4
set group_concat_max_len = 5
select @@group_concat_max_len
set session transaction isolation level read committed
select nosuch from customer where customer_id = 1
select nosuch from customer
selec 1
select * from customer where
insert into customer (customer_id, nosuch) values (1, 2)
update customer set nosuch = 1 where customer_id = 1
select * from typed order by id
insert into typed values (1, -5, 250, 12.50, 1.5, 2.25, 'chr', 'Text Ünïcode', x'00ff41', '2024-02-29', '-12:30:00.5', '2024-02-29 23:59:59.123456', 2024, 'b', 'x,y', b'101', '{"a": [1, null]}')
insert into typed values (2, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null), (3, 9223372036854775807, 0, -0.01, -1e-30, 1e300, '', '', '', '1000-01-01', '838:59:59', '9999-12-31 23:59:59', 1901, 'a', '', b'0', '[]'), (4, -9223372036854775808, 1, 99999999.99, 3.4e38, 123456789012345680, 'a', 'z', 'z', '2000-01-01', '00:00:00', '2000-01-01 00:00:00', 2155, 'c', 'z', b'11111111', 'null')
select * from typed where id = 1
select * from typed where id = 3
select * from typed order by id desc
select id, dec_, dbl from typed order by dec_, id
select id from typed order by dbl desc
select id from typed order by vc desc, id
select id from typed order by d
select id from typed order by t
select id from typed order by dt desc
select id from typed order by big
select id, vb from typed order by vb, id
select sum(big), sum(dec_), min(dt), max(d), min(t), max(vc), min(vc) from typed where id < 3
select sum(dbl), sum(flt) from typed where id in (1, 2)
select count(dec_), sum(yr) from typed
select id from typed where vc = 'text ünïcode'
select t1.id, t2.id as other from typed t1, typed t2 where t1.id = 1 and t2.id = 1
select id from typed limit 0
select id from typed order by id limit 18446744073709551615 offset 1
select /* a comment */ id from typed -- at the end
select id from typed where id = 1 for update
select id from typed where id = 1 lock in share mode
select distinct sku from corder where customer_id = 2
select sku, count(*) from corder where customer_id = 2 group by sku having count(*) > 0
select customer_id from customer where customer_id = 1 union select 2
select exists(select 1 from customer where customer_id = 1) as e
with c as (select * from customer where customer_id = 2) select email from c
select id from typed order by en, id
select id from typed order by en desc, id
select id from typed order by st, id
select id from typed order by flt, id
select id from typed order by tiny desc, id
select id from typed order by yr, id
select id, ch, vc from typed order by ch, vc, id
select * from typed order by vc, id
select id from typed order by upper(vc), id
select id from typed order by length(vc), id desc
select id from typed order by id % 2, id desc
select id from typed order by vc is null, id
select min(en), max(en), min(vb), max(vb), min(ch), max(ch) from typed
select distinct id, vc from typed order by vc, id
insert into corder (order_id, customer_id, sku, price) values (2000, 1, 'b ', 10), (2001, 2, 'b', 20), (2002, 3, 'B', 30), (2003, 4, 'á', 40), (2004, 100, 'a\t', 50), (2005, 101, 'a', 60), (2006, 2, null, null)
select sku, order_id from corder order by sku, order_id
select sku, order_id from corder order by sku desc, order_id desc limit 3, 4
select customer_id, count(*), sum(price), avg(price), group_concat(order_id order by order_id) from corder group by customer_id order by customer_id
select customer_id, max(sku) m from corder group by customer_id having count(*) > 1 order by m, customer_id
select customer_id c, count(*) n from corder group by 1 order by n desc, c limit 3
select count(distinct customer_id) from corder
select c.customer_id, o.order_id from customer c left join corder o on c.customer_id = o.customer_id order by c.customer_id, o.order_id
select c.customer_id, o.order_id from corder o right join customer c on c.customer_id = o.customer_id and o.price > 20 order by 1, 2
select c.email, sum(o.price) from customer c join corder o using (customer_id) group by c.customer_id, c.email order by c.customer_id
select customer_id from customer c where exists (select 1 from corder o where o.customer_id = c.customer_id and o.price > 25) order by customer_id
select customer_id, (select count(*) from corder o where o.customer_id = c.customer_id) n from customer c order by customer_id
select customer_id from customer where customer_id in (select customer_id from corder where price > 25) order by customer_id
select t.customer_id, t.n from (select customer_id, count(*) n from corder group by customer_id) t where t.n > 1 order by t.customer_id
select max(n) from (select customer_id, count(*) n from corder group by customer_id) t
select * from (select * from corder) t where t.customer_id = 2 order by order_id
select c.customer_id, o.s from customer c join (select customer_id, sum(price) s from corder group by customer_id) o on c.customer_id = o.customer_id order by c.customer_id
with t as (select customer_id, price from corder) select a.customer_id, b.price from t a join t b on a.customer_id = b.customer_id where a.customer_id = 2 order by b.price
select customer_id from customer union all select customer_id from corder
select customer_id, email from customer union select customer_id, sku from corder
select customer_id from customer union all select customer_id from corder limit 0
select order_id, row_number() over (partition by customer_id order by order_id) r from corder order by order_id
select customer_id from corder where customer_id = 2 or price = 30 order by order_id
select order_id from corder where not (customer_id = 2 and price = 20) order by order_id
select order_id from corder where customer_id = 1 + 1 order by order_id
select order_id from corder where customer_id between 2 and 3 order by order_id
select order_id from corder where customer_id <=> 2 order by order_id
select order_id from corder where customer_id in (1, '2', 3.0, null, 7) order by order_id
select order_id from corder where customer_id not in (1, 2) order by order_id
select order_id from corder where (customer_id, sku) = (2, 'b') order by order_id
select order_id from corder where customer_id = '2abc' order by order_id
select c.customer_id from customer c left join corder o on c.customer_id = o.customer_id and o.customer_id = 2 order by c.customer_id, o.order_id
select c.customer_id from customer c left join corder o on c.customer_id = o.customer_id where o.customer_id = 2
select c.customer_id from customer c left join corder o on c.customer_id = 2 and c.customer_id = o.customer_id order by 1
update customer c join corder o on c.customer_id = o.customer_id set o.price = o.price + 1 where c.customer_id = 2
delete o from corder o join customer c on o.customer_id = c.customer_id where c.customer_id = 2 and o.order_id = 2001
update corder set price = -price where customer_id in (1, '3') and order_id >= 2000
delete from corder where order_id >= 2000
select now() is not null, rand() < 1
replace into customer (customer_id, email) values (102, 'replaced')
delete from typed
select found_rows()
describe customer
show columns from corder
show create table corder
show index from corder
show tables like 'c%'
explain select * from customer where customer_id = 1
set names utf8mb4 collate utf8mb4_unicode_ci
select 'a' = 'A', 'a' collate utf8mb4_bin = 'A'
set names utf8mb4
begin
insert into customer (customer_id, email) values (70, 'tx')
set sql_mode = 'ANSI_QUOTES'
select "email" from customer where customer_id = 70
set sql_mode = default
rollback
do 1
do release_all_locks()
select connection_id() > 0
insert into corder (customer_id, sku, price) select 7, 'sel', 1
truncate table corder
alter table corder add column note varchar(10)
insert into corder (order_id, customer_id, sku, price, note) values (1, 1, 'a', 1, 'n'), (2, 4, 'b', 2, null)
select * from corder order by order_id
select note from corder where customer_id = 1
alter table corder drop column note
select count(*) from information_schema.tables where table_schema = database() and table_name = 'corder'
analyze table corder
insert into customer (customer_id, email) values (801, 'a'), (802, 'b'), (803, 'c'), (804, 'd')
set sql_select_limit = 2
select 1 from customer where customer_id > 800
select customer_id from customer where customer_id > 800 order by customer_id
select customer_id from customer where customer_id > 800 order by customer_id limit 3
set sql_select_limit = default
select customer_id from customer where customer_id > 800 order by customer_id
