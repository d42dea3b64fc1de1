insert ignore into commerce.product(sku, description, price) values ('SKU-1001', 'Monitor', 100), ('SKU-1002', 'Keyboard', 30);
insert ignore into commerce.customer_seq(id, next_id, cache) values (0, 1000, 100);
insert ignore into commerce.order_seq(id, next_id, cache) values (0, 1000, 100);
insert ignore into customer.customer(customer_id, email) values (1, 'alice@domain.com'), (2, 'bob@domain.com'), (3, 'charlie@domain.com'), (4, 'dan@domain.com'), (5, 'eve@domain.com');
insert ignore into customer.corder(order_id, customer_id, sku, price) values (1, 1, 'SKU-1001', 100), (2, 2, 'SKU-1002', 30), (3, 3, 'SKU-1002', 30), (4, 4, 'SKU-1002', 30), (5, 5, 'SKU-1002', 30);
