// Package store keeps the products and orders of the shop in PostgreSQL.
package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"example.com/shopdb/price"
)

// What may be wrong with an order.
var (
	ErrSoldOut = errors.New("there are not enough pieces")
	ErrUnknown = errors.New("there is no such thing")
	ErrStatus  = errors.New("the order is not in that state")
)

// checkViolation is PostgreSQL's code for a CHECK that does not hold.
const checkViolation = "23514"

// Store is the shop's database. It may be used concurrently.
type Store struct{ pool *pgxpool.Pool }

// Open connects to the database at a URL.
func Open(ctx context.Context, url string) (*Store, error) {
	pool, err := pgxpool.New(ctx, url)
	if err != nil {
		return nil, fmt.Errorf("open the store: %w", err)
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("open the store: %w", err)
	}
	return &Store{pool}, nil
}

// Close ends the connections.
func (s *Store) Close() { s.pool.Close() }

// Empty removes everything.
func (s *Store) Empty(ctx context.Context) error {
	_, err := s.pool.Exec(ctx, `TRUNCATE products, orders, lines RESTART IDENTITY`)
	return err
}

// AddProduct adds pieces of a product; a new price is that of all.
func (s *Store) AddProduct(ctx context.Context, sku, name string, cents, pieces int) error {
	_, err := s.pool.Exec(ctx, `INSERT INTO products VALUES ($1, $2, $3, $4)
		ON CONFLICT (sku) DO UPDATE SET name = $2, price = $3, stock = products.stock + $4`, sku, name, cents, pieces)
	return err
}

// Stock returns how many pieces there are.
func (s *Store) Stock(ctx context.Context, sku string) (int, error) {
	var n int
	err := s.pool.QueryRow(ctx, `SELECT stock FROM products WHERE sku = $1`, sku).Scan(&n)
	return n, unknown(err)
}

// NewOrder opens an order and returns its number.
func (s *Store) NewOrder(ctx context.Context, customer string) (int64, error) {
	var id int64
	err := s.pool.QueryRow(ctx, `INSERT INTO orders (customer) VALUES ($1) RETURNING id`, customer).Scan(&id)
	return id, err
}

// Add reserves pieces for an open order: both or neither.
func (s *Store) Add(ctx context.Context, order int64, sku string, pieces int) error {
	return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if err := s.expect(ctx, tx, order, "open"); err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, `UPDATE products SET stock = stock - $2 WHERE sku = $1`, sku, pieces)
		if broken := new(pgconn.PgError); errors.As(err, &broken) && broken.Code == checkViolation {
			return ErrSoldOut
		}
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return ErrUnknown
		}
		_, err = tx.Exec(ctx, `INSERT INTO lines VALUES ($1, $2, $3)
			ON CONFLICT (order_id, sku) DO UPDATE SET quantity = lines.quantity + $3`, order, sku, pieces)
		return err
	})
}

// Total returns what an order costs.
func (s *Store) Total(ctx context.Context, order int64) (int, error) {
	rows, err := s.pool.Query(ctx, `SELECT price, quantity FROM lines JOIN products USING (sku) WHERE order_id = $1`, order)
	if err != nil {
		return 0, err
	}
	total := 0
	var cents, pieces int
	_, err = pgx.ForEachRow(rows, []any{&cents, &pieces}, func() error {
		total += price.Total(cents, pieces)
		return nil
	})
	return total, err
}

// Pay and Ship take an order from one state to the next.
func (s *Store) Pay(ctx context.Context, order int64) error {
	return s.move(ctx, order, "open", "paid")
}

// Ship is the last step.
func (s *Store) Ship(ctx context.Context, order int64) error {
	return s.move(ctx, order, "paid", "shipped")
}

func (s *Store) move(ctx context.Context, order int64, from, to string) error {
	return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if err := s.expect(ctx, tx, order, from); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `UPDATE orders SET status = $2 WHERE id = $1`, order, to)
		return err
	})
}

// expect locks an order, which must be in that state.
func (s *Store) expect(ctx context.Context, tx pgx.Tx, order int64, status string) error {
	var is string
	err := tx.QueryRow(ctx, `SELECT status FROM orders WHERE id = $1 FOR UPDATE`, order).Scan(&is)
	if err != nil {
		return unknown(err)
	}
	if is != status {
		return fmt.Errorf("%w: order %d is %s", ErrStatus, order, is)
	}
	return nil
}

// Status returns the state of an order.
func (s *Store) Status(ctx context.Context, order int64) (string, error) {
	var is string
	err := s.pool.QueryRow(ctx, `SELECT status FROM orders WHERE id = $1`, order).Scan(&is)
	return is, unknown(err)
}

func unknown(err error) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return ErrUnknown
	}
	return err
}
