\! echo 'Using customer/-';
use customer/-;
\! echo 'Customer';
select * from customer;
\! echo 'COrder';
select * from corder;
