CREATE TABLE products (
	sku   text PRIMARY KEY,
	name  text NOT NULL,
	price integer NOT NULL CHECK (price > 0), -- cents
	stock integer NOT NULL CHECK (stock >= 0)
);

CREATE TABLE orders (
	id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	customer text NOT NULL,
	status   text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'paid', 'shipped'))
);

CREATE TABLE lines (
	order_id bigint NOT NULL REFERENCES orders ON DELETE CASCADE,
	sku      text NOT NULL REFERENCES products,
	quantity integer NOT NULL CHECK (quantity > 0),
	PRIMARY KEY (order_id, sku)
);
